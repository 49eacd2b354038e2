"""An authority for production, and a contract with its seal in many places at PAdES B-LTA.

usage: KEY.pem CHAIN.pem TRUST_FOLDER TSA_URL CONTRACT.pdf OUT.pdf

The folder of roots may hold the CRLs too, where the certificates name no address for them. The key may as well be in a
token or with a service: `KeySource("pkcs11:token=Office;object=seal", ...)`.
"""

import sys
import tempfile
from pathlib import Path

import eseal
from eseal.authority.doctor import State, examine
from eseal.authority.making import KeySource
from eseal.model import Keyword, OnPages, Straddle, Where


def main(key: str, chain: str, roots: str, tsa: str, contract: str, out: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "office"
        eseal.Authority.create(
            home, name="杭州市示范局", key=KeySource(key, certificate=chain), timestampers=[tsa], trust=[roots]
        )
        for finding in examine(home):
            if finding.state in (State.WARNING, State.BAD):
                print(finding.id, finding.code, finding.mend)

        office = eseal.Authority.open(home)
        # One signature: at the edges of all pages, at each place of a text, and on the first and last page.
        places: list[Where] = [Straddle("right"), Keyword("盖章处", which=None), OnPages("first,last", 20, 20)]
        sealed = office.seal(contract, out=out, placement=places, level="LTA", reason="contract")
        print(out, sealed.level, *sealed.fields, sealed.until)

        # The roots alone are enough to judge it: the rest is in the document, and nobody is asked.
        roots_alone = eseal.TrustStore(anchors=office.trust.anchors)
        print(eseal.verify(Path(out).read_bytes(), trust=roots_alone).verdict)


if __name__ == "__main__":
    main(*sys.argv[1:])
