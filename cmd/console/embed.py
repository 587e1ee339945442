"""embed.py OUT FILE...: files as C arrays, for console.h's console_files."""
import os
import sys

TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}

out = ['#include "cmd/console/console.h"\n']
rows = []
for i, path in enumerate(sys.argv[2:]):
    with open(path, "rb") as f:
        octets = f.read()
    lines = [", ".join(map(str, octets[at:at + 32])) for at in range(0, len(octets), 32)]
    out.append(f"static const unsigned char file_{i}[] = {{\n\t" + ",\n\t".join(lines) + "};\n")
    name = os.path.basename(path)
    rows.append(f'\t{{"{name}", "{TYPES[os.path.splitext(name)[1]]}", file_{i}, sizeof file_{i}}},\n')
out.append("const struct console_file console_files[] = {\n" + "".join(rows) + "};\n"
           "const size_t console_nfiles = sizeof console_files / sizeof *console_files;\n")
with open(sys.argv[1], "w") as f:
    f.write("".join(out))
