"""A workbook recalculated by headless LibreOffice, and what then stands in its cells."""

import re
import shutil
import subprocess
import zipfile

import pytest
from python_calamine import CalamineWorkbook

SOFFICE = shutil.which("soffice")
needs_libreoffice = pytest.mark.skipif(
    SOFFICE is None, reason="needs LibreOffice: apt-get install libreoffice-calc-nogui"
)
FIRST = 4
# Without this LibreOffice shows the values that were saved, and a wrong formula would pass.
SETTINGS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
</oor:items>
"""  # noqa: E501


def through_libreoffice(path, folder):
    """Open a workbook in LibreOffice, work everything out, and save it; return what it saved."""
    profile, out = folder / "profile", folder / "recalculated"
    (profile / "user").mkdir(parents=True, exist_ok=True)
    (profile / "user" / "registrymodifications.xcu").write_text(SETTINGS, encoding="utf-8")
    command = [SOFFICE, f"-env:UserInstallation={profile.as_uri()}", "--headless", "--convert-to", "xlsx"]
    subprocess.run([*command, "--outdir", str(out), str(path)], check=True, capture_output=True, timeout=600)
    return out / path.name


def recalculated(path, folder):
    """Return the sheets of a workbook after LibreOffice has worked everything out: name -> rows."""
    made = through_libreoffice(path, folder)
    with zipfile.ZipFile(made) as file:
        pages = {name: file.read(name).decode() for name in file.namelist() if "worksheets/sheet" in name}
    wrong = [(name, cell) for name, text in pages.items() for cell in re.findall(r'<c r="(\w+)"[^>]* t="e"', text)]
    assert wrong == [], wrong[:9]
    book = CalamineWorkbook.from_path(str(made))
    return {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}


def set_text(path, sheet, cell, text):
    """Put a text into a cell of a workbook that holds something, as a person would type it."""
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    number = dict(re.findall(r'<sheet name="([^"]+)" sheetId="(\d+)"', parts["xl/workbook.xml"].decode()))[sheet]
    page, held = f"xl/worksheets/sheet{number}.xml", re.compile(rf'<c r="{cell}"( s="\d+")?[^>]*>.*?</c>')
    typed, times = held.subn(rf'<c r="{cell}"\1 t="inlineStr"><is><t>{text}</t></is></c>', parts[page].decode())
    assert times == 1, cell
    parts[page] = typed.encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name, content)


def set_cells(path, values):
    """Put numbers into cells of a workbook, by name or as `Posts!F12`, as a person would type them."""
    if not values:
        return
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name).decode() for name in file.namelist()}
    sheets = dict(re.findall(r'<sheet name="([^"]+)" sheetId="(\d+)"', parts["xl/workbook.xml"]))
    for name, value in values.items():
        sheet, _, cell = name.partition("!")
        if not cell:
            named = rf'<definedName name="{re.escape(name)}">\'?([^\'!]+)\'?!\$([A-Z]+)\$(\d+)<'
            sheet, *place = re.search(named, parts["xl/workbook.xml"]).groups()
            cell = "".join(place)
        page = f"xl/worksheets/sheet{sheets[sheet]}.xml"
        held = re.compile(rf'(<c r="{cell}"[^>]*>)(?:<f>[^<]*</f>)?<v>[^<]*</v>')
        parts[page], times = held.subn(rf"\g<1><v>{value!r}</v>", parts[page])
        assert times == 1, name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in parts.items():
            file.writestr(name, text)
