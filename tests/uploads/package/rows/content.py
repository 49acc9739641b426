"""Rows of `content.executable`, `content.signature` and `content.allowed`: what is inside."""

from tests.packages import LUA, Part, pe, png, with_parts
from tests.uploads.package.rows import Row
from tests.uploads.package.rows.samples import FILES, PE, PROGRAMS, REST

DLL = "Binaries/Win64/a.dll"
BINARY = FILES["binary"][0]
SCRIPT = Part("Content/a.lua", LUA)

RUN_BY_NAME = """
    .bat .cmd .com .pif .ps1 .psm1 .vbs .vbe .js .jse .wsf .wsh .hta .lnk .url .scr .cpl .msi .reg .jar
    .sh .bash .zsh .command .BAT
"""


def unlike(sample: bytes) -> bytes:
    """A sample whose every mark is gone."""
    return b"\x9e\0" + bytes(byte ^ 0x55 for byte in sample[2:])


def ending(where: str, data: bytes) -> Part:
    """A member of a kind that may hold any bytes, or of another one."""
    return Part(f"Content/a{where}", data)


EXECUTABLES = [
    *(
        Row("content.executable", f"{name} as a DLL", Part(DLL, raw), Part(DLL, PE))
        for name, raw in PROGRAMS.items()
    ),
    *(
        Row("content.executable", f"{name} as data", ending(".ucas", raw), ending(".ucas", unlike(raw)))
        for name, raw in PROGRAMS.items()
    ),
    Row("content.executable", "a DLL elsewhere", ending(".dll", PE), Part(DLL, PE)),
    Row("content.executable", "a DLL above", Part("Binaries/a.dll", PE), Part("Binaries/Win64/x/a.dll", PE)),
    Row("content.executable", "a DLL in another case", Part("binaries/win64/a.dll", PE), Part(DLL, PE)),
    Row("content.executable", "a DLL further down", Part("x/Binaries/Win64/a.dll", PE), Part(DLL, PE)),
    Row("content.executable", "a DLL called Lua", ending(".lua", PE), SCRIPT),
    *(
        Row("content.executable", f"a DLL for {name}", Part(DLL, pe(number)), Part(DLL, pe(0x8664)))
        for name, number in {"x86": 0x14C, "ARM": 0x1C4, "ARM64": 0xAA64, "IA-64": 0x200, "any": 0}.items()
    ),
    *(
        Row("content.executable", f"a script of {what}", ending(".txt", raw), ending(".txt", near))
        for what, raw, near in (
            ("sh", b"#!/bin/sh\nrm -rf /\n", b"# !/bin/sh\n"),
            ("a shell with a space", b"#! /bin/bash -e\n", b"#!\n"),
            ("env", b"#!/usr/bin/env python3\n", b"#!/usr/bin/env lua\n"),
            ("env with options", b"#!/usr/bin/env -S -i perl\n", b"#!/usr/bin/env -S lua5.4\n"),
            ("env alone", b"#!/usr/bin/env\n", b"#!/usr/bin/lua\n"),
            ("sh behind a mark", b"\xef\xbb\xbf#!/bin/sh\n", b"\xef\xbb\xbf#!/usr/bin/luajit\n"),
        )
    ),
    *(
        Row(
            "content.executable",
            f"a text called {name}",
            ending(name, b"hello\r\n"),
            ending(f"{name}.txt", b"hello\r\n"),
        )
        for name in RUN_BY_NAME.split()
    ),
    Row(
        "content.executable",
        "autorun.inf",
        Part("Content/AutoRun.inf", b"[x]\n"),
        Part("Content/autorun.ini", b"[x]\n"),
    ),
    Row(
        "content.executable",
        "desktop.ini",
        Part("Content/Desktop.ini", b"[x]\n"),
        Part("Content/desk.ini", b"[x]\n"),
    ),
    Row(
        "content.executable",
        "a script of sh that speaks of Lua",
        ending(".txt", b"#!/bin/sh lua\n"),
        ending(".txt", b"#!/usr/bin/lua sh\n"),
    ),
]

SIGNATURES = [
    Row(
        "content.signature",
        "three bytes of audio",
        ending(".mp3", b"\xff\xfb\x10"),
        ending(".mp3", b"\xff\xfb\x90\0"),
    ),
    Row(
        "content.signature",
        "a late NUL",
        ending(".lua", b"-" * 70_000 + b"\0"),
        ending(".lua", b"-" * 70_001),
    ),
    Row(
        "content.signature",
        "a NUL in the middle of a long text",
        ending(".lua", b"-" * 300_000 + b"\0" + b"-" * 300_000),
        ending(".lua", b"-" * 600_001),
    ),
    Row(
        "content.signature",
        "a NUL early in a very long text",
        ending(".lua", b"-" * 70_000 + b"\0" + b"-" * 3_000_000),
        ending(".lua", b"-" * 3_000_000),
    ),
    *(
        Row("content.signature", f"control {code:#04x} in a text", ending(".lua", b"-- %c\n" % code), SCRIPT)
        for code in (*range(1, 7), *range(14, 27), *range(28, 32))
    ),
    Row(
        "content.signature",
        "a control character at the end of a long text",
        ending(".lua", b"-" * 300_000 + b"\1"),
        ending(".lua", b"-" * 300_000 + b"\t"),
    ),
    Row("content.signature", "an empty image", ending(".png", b""), ending(".lua", b"")),
    Row("content.signature", "an image called a program", Part("Binaries/Win64/a.dll", png()), Part(DLL, PE)),
    Row("content.signature", "a program called an image", Part("Binaries/Win64/a.png", PE), Part(DLL, PE)),
    Row("content.signature", "text called DLL", Part(DLL, b"MZ is my name"), ending(".lua", b"MZ = 1\n")),
    *(
        Row(
            "content.signature", f"a text that begins as {word!r}", ending(".png", word), ending(".txt", word)
        )
        for word in (
            b"OTTO = 1",
            b"DDS textures",
            b"GIF89a is old",
            b"ISc(1)",
            b"BM one",
            b"RIFF",
            b"hsqs",
            b"070701",
        )
    ),
    *(
        Row(
            "content.signature",
            f"no MPEG audio: {head.hex()}",
            ending(".mp3", head + REST),
            ending(".mp3", good),
        )
        for head, good in zip(
            (
                b"\xff\xff\x90\0",
                b"\xff\xeb\x90\0",
                b"\xff\xfb\xf0\0",
                b"\xff\xfb\x9c\0",
                b"\xfe\xfb\x90\0",
                b"\xff\xdb",
            ),
            [FILES["mp3"][1]] * 6,
            strict=True,
        )
    ),
    *(
        Row(
            "content.signature",
            f"no Targa: {change}",
            ending(".tga", bytes(raw)),
            ending(".tga", FILES["tga"][1]),
        )
        for change, raw in (
            ("another map", b"\0\2" + FILES["tga"][1][2:]),
            ("another kind", b"\0\0\4" + FILES["tga"][1][3:]),
            ("another depth", FILES["tga"][1][:16] + b"\7" + FILES["tga"][1][17:]),
            ("too short", FILES["tga"][1][:18]),
        )
    ),
    Row(
        "content.signature", "no bitmap", ending(".bmp", b"BM" + b"\1" * 20), ending(".bmp", FILES["bmp"][0])
    ),
    Row(
        "content.signature",
        "no pak",
        ending(".pak", BINARY + b"\xe1\x12\x6f\x5a" + bytes(260)),
        ending(".pak", FILES["pak"][0]),
    ),
    Row(
        "content.signature",
        "no RIFF that we know",
        ending(".wav", b"RIFF\0\0\0\0AVI " + REST),
        ending(".wav", FILES["wav"][0]),
    ),
    Row(
        "content.signature", "a licence that is none", Part("LICENSE-x", BINARY), Part("LICENSE-x", b"words")
    ),
]

LEFT = (
    ".DS_Store",
    "Thumbs.db",
    "__MACOSX/a.lua",
    ".git/a.lua",
    ".svn/a.lua",
    ".gitignore",
    ".gitattributes",
    "._a.lua",
)

ALLOWED = [
    *(
        Row("content.allowed", f"a text called {name}", ending(name, b"hello\n"), ending(".txt", b"hello\n"))
        for name in (
            ".exe",
            ".py",
            ".dat",
            ".xml",
            ".html",
            ".svg",
            ".pdf",
            ".lua2",
            ".so",
            ".dylib",
            ".txt;1",
            ".lua~",
        )
    ),
    Row(
        "content.allowed",
        "a program that is no DLL",
        Part("Binaries/Win64/a.exe", pe(dll=False)),
        Part(DLL, PE),
    ),
    *(
        Row("content.allowed", f"the name {bad}", Part(f"Content/{bad}", b"x"), Part(f"Content/{good}", b"x"))
        for bad, good in (
            ("script", "LICENSE"),
            ("licenses", "licence"),
            ("LICENSE MIT", "LICENSE-MIT"),
            ("LICENSE-MIT;1", "LICENSE_1"),
            ("-license", "COPYING"),
            ("noticeboard", "NOTICE"),
            ("author", "AUTHORS"),
            ("credit", "credits-2"),
            ("read", "README"),
            ("change", "CHANGELOG"),
            ("copyrights", "COPYRIGHT"),
            (".lua_", ".lua"),
            ("a.", "a.lua"),
        )
        if not bad.endswith(".")
    ),
    *(Row("content.allowed", f"left behind: {path}", Part(path, LUA), SCRIPT) for path in LEFT),
    Row("content.allowed", "left behind deep inside", Part("Content/__macosx/a.lua", LUA), SCRIPT),
    Row(
        "content.allowed",
        "a folder that was left behind",
        with_parts(Part("__MACOSX/", method=0, attributes=0x10)),
        with_parts(Part("MACOSX/", method=0, attributes=0x10)),
    ),
]

ROWS = EXECUTABLES + SIGNATURES + ALLOWED
