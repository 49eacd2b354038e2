"""pyHanko's AdES validation (EN 319 102-1) as a judge, with one root, no network, and nothing but the file.

usage: ROOT.pem; one "LEVEL TAB FILE" a line of input. Prints SEAL rows: file, field, sub-indication at that level;
STAMP rows: file, field, whether the document timestamp is good with what the file carries.
"""

import asyncio
import logging
import sys
from pathlib import Path

from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import async_validate_pdf_timestamp
from pyhanko.sign.validation.ades import ades_basic_validation, ades_lta_validation, ades_with_time_validation
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.errors import NoDSSFoundError
from pyhanko.sign.validation.policy_decl import (
    LocalKnowledge,
    PdfSignatureValidationSpec,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.policy_decl import NO_REVOCATION, REQUIRE_REVINFO, CertRevTrustPolicy
from pyhanko_certvalidator.registry import SimpleTrustManager
from pyhanko_certvalidator.revinfo.archival import process_legacy_crl_input, process_legacy_ocsp_input

logging.disable(logging.CRITICAL)
ROOT = load_cert_from_pemder(sys.argv[1])


def spec(level, known):
    """B and T carry no revocation data and are judged without; LT and LTA must bring all of it."""
    mode = REQUIRE_REVINFO if level in ("LT", "LTA") else NO_REVOCATION
    policy = CertValidationPolicySpec(SimpleTrustManager.build(trust_roots=[ROOT]), CertRevTrustPolicy(mode))
    gathering = RevocationInfoGatheringSpec(RevinfoOnlineFetchingRule.LOCAL_ONLY)
    return SignatureValidationSpec(policy, gathering, ts_cert_validation_policy=policy, local_knowledge=known)


def carried(reader):
    """What the document brings: for AdES a part of the signature, though pyHanko takes it from the caller."""
    try:
        dss = DocumentSecurityStore.read_dss(reader)
    except NoDSSFoundError:
        return LocalKnowledge(), {}
    context = {
        "other_certs": list(dss.load_certs()),
        "crls": [c.get_object().data for c in dss.crls],
        "ocsps": [o.get_object().data for o in dss.ocsps],
    }
    ocsps, crls = process_legacy_ocsp_input(context["ocsps"]), process_legacy_crl_input(context["crls"])
    return LocalKnowledge(ocsps, crls, context["other_certs"]), context


async def seal(signature, level, known):
    if level == "LTA":
        # It reads the store itself, and proves by the document timestamps alone.
        return await ades_lta_validation(signature, PdfSignatureValidationSpec(spec(level, LocalKnowledge())))
    judge = ades_basic_validation if level == "B" else ades_with_time_validation
    return await judge(signature.signed_data, spec(level, known), raw_digest=signature.compute_digest())


async def judge(level, file):
    reader = PdfFileReader(file.open("rb"))
    known, context = carried(reader)
    for signature in reader.embedded_regular_signatures:
        result = await seal(signature, level, known)
        print("SEAL", file, signature.field_name, result.ades_subindic.name, sep="\t")
    for signature in reader.embedded_timestamp_signatures:
        validation = ValidationContext(
            trust_roots=[ROOT],
            allow_fetching=False,
            revocation_mode="require" if level in ("LT", "LTA") else "soft-fail",
            **context,
        )
        status = await async_validate_pdf_timestamp(signature, validation_context=validation)
        whole = status.coverage.name in ("ENTIRE_FILE", "ENTIRE_REVISION")
        good = status.intact and status.valid and status.trusted and whole
        print("STAMP", file, signature.field_name, good, sep="\t")


for line in sys.stdin.read().splitlines():
    asked, _, name = line.partition("\t")
    asyncio.run(judge(asked, Path(name)))
