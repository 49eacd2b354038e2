"""A software token (SoftHSM) in a temporary folder: a real PKCS#11 module that nobody here wrote."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_der_public_key

from eseal.keys import open_key
from eseal.model import Certificate
from support.judges import need, run
from support.realpki import RealPki

PIN, SO_PIN = b"1234-5678", "87654321"
MODULES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
)


@dataclass
class SoftHsm:
    """Tokens in a folder. All are made before the module is loaded, which looks for them once."""

    folder: Path
    module: str
    pki: RealPki = field(default_factory=lambda: RealPki(datetime.now(UTC)))
    certificates: dict[str, Certificate] = field(default_factory=dict)

    @property
    def config(self) -> Path:
        """What SOFTHSM2_CONF names."""
        return self.folder / "softhsm2.conf"

    def uri(self, name: str, token: str = "office") -> str:
        """The URI of a key."""
        return f"pkcs11:token={token};object={name}"

    def init_token(self, label: str) -> None:
        """A new token with the usual PIN."""
        pin = PIN.decode()
        run("softhsm2-util", "--init-token", "--free", "--label", label, "--so-pin", SO_PIN, "--pin", pin)

    def session(self, label: str) -> Any:
        """A read-write session of python-pkcs11, logged in, to put things on a token."""
        from eseal.keys.pkcs11.module import load

        lib: Any = load(Path(self.module)).lib
        token = next(s.get_token() for s in lib.get_slots(token_present=True) if s.get_token().label == label)
        return token.open(rw=True, user_pin=PIN.decode())

    def make_keys(self, label: str, *names: str) -> None:
        """A key of each name, `rsa...` or `ec...`, and its certificate with the issuing CA's on the token."""
        import pkcs11
        from pkcs11.util.ec import encode_named_curve_parameters

        session = self.session(label)
        for number, name in enumerate(names, 1):
            named = {"id": bytes([number]), "label": name, "store": True}
            if name.startswith("rsa"):
                session.generate_keypair(pkcs11.KeyType.RSA, 2048, **named)
            else:
                curve = {pkcs11.Attribute.EC_PARAMS: encode_named_curve_parameters("secp256r1")}
                session.create_domain_parameters(pkcs11.KeyType.EC, curve, local=True).generate_keypair(**named)
        session.close()
        for name in names:
            key = open_key(self.uri(name, label), password=PIN, module=self.module)
            self.certificates[name] = self.pki.certify(load_der_public_key(key.public_key.der), f"Seal {name}")

    def store_certificates(self, label: str, *certificates: Certificate) -> None:
        """Put certificates on a token."""
        import pkcs11

        kind = pkcs11.Attribute
        # Not logged in: eseal's own login of this process holds.
        session = self._plain(label)
        for certificate in certificates:
            session.create_object(
                {
                    kind.CLASS: pkcs11.ObjectClass.CERTIFICATE,
                    kind.CERTIFICATE_TYPE: pkcs11.CertificateType.X_509,
                    kind.TOKEN: True,
                    kind.SUBJECT: b"",
                    kind.VALUE: certificate.der,
                }
            )
        session.close()

    def _plain(self, label: str) -> Any:
        from eseal.keys.pkcs11.module import load

        lib: Any = load(Path(self.module)).lib
        token = next(s.get_token() for s in lib.get_slots(token_present=True) if s.get_token().label == label)
        return token.open(rw=True)

    def place(self, label: str) -> Path:
        """The folder in which SoftHSM keeps a token: without it the token is pulled out."""
        found = [p for p in (self.folder / "tokens").iterdir() if label.encode() in (p / "token.object").read_bytes()]
        assert len(found) == 1, found
        return found[0]

    def eseal(self, *arguments: object, home: Path, input: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run eseal in a process of its own, as a user whose configuration names the module."""
        environ = {k: v for k, v in os.environ.items() if not k.startswith(("ESEAL_", "XDG_"))}
        environ |= {"HOME": str(home), "SOFTHSM2_CONF": str(self.config), "LC_ALL": "C.UTF-8"}
        configure(home, self.module)
        command = [sys.executable, "-m", "eseal.cli", *map(str, arguments)]
        return subprocess.run(
            command, env=environ, input=input, capture_output=True, text=True, timeout=60, check=False
        )


def configure(home: Path, module: str) -> None:
    """A user's own configuration that names the module."""
    file = home / ".config" / "eseal" / "config.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f'version = 1\npkcs11_module = "{module}"\n')
    file.chmod(0o600)


def start(folder: Path, monkeypatch: pytest.MonkeyPatch) -> SoftHsm:
    """Tokens `office` (rsa, ec with certificates), `spare` (ec) for what ends badly, two called `twin`, `pins`."""
    module = next((m for m in MODULES if Path(m).exists()), MODULES[0])
    need("softhsm2-util", module)
    if os.environ.get("CI") != "true":
        pytest.importorskip("pkcs11")
    (folder / "tokens").mkdir()
    hsm = SoftHsm(folder, module)
    text = f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n"
    hsm.config.write_text(text)
    monkeypatch.setenv("SOFTHSM2_CONF", str(hsm.config))
    for label in ("office", "spare", "pins", "twin", "twin"):
        hsm.init_token(label)
    hsm.make_keys("office", "rsa", "ec")
    hsm.store_certificates("office", hsm.certificates["rsa"], hsm.certificates["ec"], hsm.pki.issuing)
    hsm.make_keys("spare", "ec-spare")
    hsm.store_certificates("spare", hsm.certificates["ec-spare"], hsm.pki.issuing)
    return hsm


def copied(hsm: SoftHsm, folder: Path) -> SoftHsm:
    """The same tokens in a folder of their own, for a process that spoils them."""
    shutil.copytree(hsm.folder / "tokens", folder / "tokens")
    other = SoftHsm(folder, hsm.module, hsm.pki, hsm.certificates)
    other.config.write_text(hsm.config.read_text().replace(str(hsm.folder), str(folder)))
    return other
