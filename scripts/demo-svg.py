#!/usr/bin/env python3
"""demo-svg.py CAPMON > docs/demo.svg - records the first example of README.md, run by CAPMON as root, as a picture of a terminal. The
lines appear one after the other; the colours are those that capmon printed."""
import html
import re
import subprocess
import sys

COMMAND = ["discover", "--user", "nobody", "--setup", "ip tuntap add dev tap0 mode tap", "--cleanup", "ip link del tap0",
           "ip link set dev tap0 up"]
TYPED = ["$ sudo capmon discover --user nobody --setup 'ip tuntap add dev tap0 mode tap' \\",
         "      --cleanup 'ip link del tap0' 'ip link set dev tap0 up'"]
COLUMNS, SIZE, LINE = 106, 14, 20
CLASSES = {"1": "b", "2": "f", "31": "r", "32": "g"}


def record(capmon):
    run = subprocess.run([capmon, COMMAND[0], "--color=always", *COMMAND[1:]], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if run.returncode != 0:
        sys.exit(f"demo-svg.py: {capmon} ended with status {run.returncode}: {run.stdout}")
    return run.stdout.rstrip("\n").split("\n")


def spans(line):
    """The line as tspans; only colours may be in it."""
    out, style = "", ""
    for part in re.split(r"(\x1b\[\d*m)", line):
        if code := re.fullmatch(r"\x1b\[(\d*)m", part):
            style = CLASSES.get(code[1], "")
        elif part:
            out += f'<tspan class="{style}">{html.escape(part)}</tspan>' if style else html.escape(part)
    return out


lines = [html.escape(line) for line in TYPED] + [spans(line) for line in record(sys.argv[1])]
width, height = round(COLUMNS * SIZE * 0.602) + 32, len(lines) * LINE + 36
print(f'''<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-label="capmon discover finds that ip link set needs CAP_NET_ADMIN">
<style>
text {{ font: {SIZE}px ui-monospace, "DejaVu Sans Mono", monospace; fill: #e6edf3; white-space: pre; animation: show .1s both; }}
.b {{ font-weight: bold; }} .f {{ opacity: .7; }} .r {{ fill: #ff8182; }} .g {{ fill: #56d364; }}
@keyframes show {{ from {{ opacity: 0; }} }}
@media (prefers-reduced-motion: reduce) {{ text {{ animation: none; }} }}
</style>
<rect width="{width}" height="{height}" rx="8" fill="#0d1117"/>''')
for number, line in enumerate(lines):
    delay = 0 if number < len(TYPED) else 0.6 + 0.35 * (number - len(TYPED))
    print(f'<text xml:space="preserve" x="16" y="{30 + number * LINE}" style="animation-delay: {delay:.2f}s">{line}</text>')
print("</svg>")
