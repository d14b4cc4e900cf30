"""Compiles and runs the documentation's programs.

extract OUT PAGE...  writes each ```cpp run=NAME block to OUT/NAME.cpp, with paths /tmp/ turned into OUT/NAME.scratch/, and each
                     ```text output=NAME block to OUT/NAME.expected; prints the names.
run OUT NAME         runs OUT/doc_NAME in an empty scratch directory and looks for the expected output in what it prints.
"""
import pathlib
import re
import shutil
import subprocess
import sys


def extract(out, pages):
    blocks = re.compile(r"^```(cpp run|text output)=(\w+)\n(.*?)^```", re.M | re.S)
    names = []
    for page in pages:
        for kind, name, body in blocks.findall(pathlib.Path(page).read_text()):
            if kind == "cpp run":
                if name in names:
                    sys.exit(f"{page}: two programs are called {name}")
                names.append(name)
                write(out / f"{name}.cpp", body.replace('"/tmp/', f'"{out}/{name}.scratch/'))
            else:
                write(out / f"{name}.expected", body)
    print("\n".join(names))


def write(path, text):
    if not path.exists() or path.read_text() != text:  # Unchanged programs are not compiled again.
        path.write_text(text)


def run(out, name):
    scratch = out / f"{name}.scratch"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    result = subprocess.run([out / f"doc_{name}"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=50)
    if result.returncode != 0:
        sys.exit(f"{name} ended with {result.returncode}:\n{result.stdout}")
    expected = out / f"{name}.expected"
    if expected.exists() and expected.read_text().strip() not in result.stdout:
        sys.exit(f"{name} should print\n{expected.read_text()}\nbut printed\n{result.stdout}")


if __name__ == "__main__":
    out = pathlib.Path(sys.argv[2])
    if sys.argv[1] == "extract":
        extract(out, sys.argv[3:])
    else:
        run(out, sys.argv[3])
