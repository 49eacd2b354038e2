"""The style of the HTML report: readable on a telephone, in the dark, and on paper."""

from __future__ import annotations

STYLE = """
:root{color-scheme:light dark;--ink:#1d2126;--soft:#5b6470;--line:#d9dee5;--page:#f4f6f8;--card:#fff;
--good:#0b6b3a;--good-bg:#e6f4ec;--bad:#a3121c;--bad-bg:#fce9ea;--open:#7a4d00;--open-bg:#fdf3dd}
@media (prefers-color-scheme:dark){:root{--ink:#e6e9ee;--soft:#9aa5b3;--line:#343b45;--page:#14171b;--card:#1d2227;
--good:#7fd6a3;--good-bg:#12301f;--bad:#ff9aa0;--bad-bg:#3d1417;--open:#f2c166;--open-bg:#352708}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);line-height:1.55;
font-family:system-ui,-apple-system,"Segoe UI","PingFang SC","Microsoft YaHei",
"Noto Sans CJK SC","Noto Sans SC",sans-serif}
main{max-width:54rem;margin:0 auto;padding:1.5rem 1rem 3rem}
p,h1,h2,h3,dl,ul{margin:0}
bdi{overflow-wrap:anywhere}
header{margin-bottom:1rem}
.kind{color:var(--soft);font-size:.9rem}
.file{font-size:1.1rem;font-weight:600}
section,footer{background:var(--card);border:1px solid var(--line);border-radius:.6rem;
padding:1.1rem 1.25rem;margin-top:1rem}
.test{padding:.7rem 1.25rem;border-radius:.6rem;font-weight:700;color:#3a2a00;border:2px solid #b58100;
background:repeating-linear-gradient(-45deg,#ffe9a8,#ffe9a8 .8rem,#ffdf7d .8rem,#ffdf7d 1.6rem)}
.verdict{border-left-width:.5rem;border-left-style:solid}
.verdict p{margin-top:.5rem}
.verdict h1{font-size:1.35rem;line-height:1.35;margin-top:.3rem}
.verdict .word{font-weight:700;letter-spacing:.04em;margin:0}
.verdict.good{background:var(--good-bg);border-left-color:var(--good)}
.verdict.bad{background:var(--bad-bg);border-left-color:var(--bad)}
.verdict.open{background:var(--open-bg);border-left-color:var(--open)}
.good>.word,.good .answer,.good>.sign,.good .word{color:var(--good)}
.bad>.word,.bad .answer,.bad>.sign,.bad .word{color:var(--bad)}
.open>.word,.open .answer,.open>.sign,.open .word{color:var(--open)}
.sign{display:inline-block;min-width:1.4em;font-weight:700}
.answers{display:grid;grid-template-columns:repeat(auto-fit,minmax(13rem,1fr));gap:1rem}
.answers p{color:var(--soft);font-size:.9rem}
.answers .answer{font-size:1.1rem;font-weight:700}
h2{font-size:1.1rem;margin-bottom:.6rem}
h3{font-size:.95rem;margin:1rem 0 .4rem}
dl>div{display:grid;grid-template-columns:9.5rem 1fr;gap:.75rem;padding:.22rem 0}
dt{color:var(--soft)}
dd{margin:0}
ul{padding:0;list-style:none}
table{border-collapse:collapse;width:100%;font-size:.92rem}
th,td{text-align:left;vertical-align:top;padding:.3rem .6rem .3rem 0;border-top:1px solid var(--line)}
th{font-weight:600;width:12rem}
td.sign{display:table-cell;width:1.6rem}
tr.bad td,tr.open td{font-weight:600}
footer{font-size:.85rem}
@media (max-width:40rem){dl>div{grid-template-columns:1fr;gap:0}th{width:auto}}
@page{margin:16mm}
@media print{:root{color-scheme:light;--page:#fff;--card:#fff;--ink:#000;--soft:#444;--line:#bbb;--good:#0b6b3a;
--good-bg:#fff;--bad:#a3121c;--bad-bg:#fff;--open:#7a4d00;--open-bg:#fff}
main{max-width:none;padding:0}body{font-size:10pt}tr,dl>div,.verdict,.answers,.test{break-inside:avoid}
h2,h3{break-after:avoid}.test,.verdict{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
"""
