"""Seal a PDF with a key file of your own and a seal drawn on the spot. usage: KEY.p12 PASSWORD_FILE IN.pdf OUT.pdf"""

import sys
from datetime import UTC, datetime
from pathlib import Path

import eseal
from eseal import files
from eseal.model import Placement
from eseal.seals.drawing import draw, preset


def main(key: str, password_file: str, source: str, out: str) -> None:
    signer = eseal.open_signer(key, password=Path(password_file).read_bytes().rstrip(b"\n"))
    picture = draw(preset("round-40", owner="浙江示范科技有限公司", line="合同专用章"))
    sealed = eseal.seal(
        Path(source).read_bytes(),
        signer,
        artwork=picture,
        placement=Placement(page=-1, x=130, y=220),
        at=datetime.now(UTC),
    )
    files.write(Path(out), sealed.parts)
    print(out, sealed.level, sealed.field)


if __name__ == "__main__":
    main(*sys.argv[1:])
