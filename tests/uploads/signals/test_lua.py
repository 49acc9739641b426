"""What Lua does: found by whatever name, and not where it is only said."""

import base64
import random

import pytest

from uploads.signals import lua, lua_names
from uploads.signals.found import Signal
from uploads.signals.lua_tokens import Tokens


def look(source: str | bytes, **options: object) -> list[Signal]:
    raw = source.encode() if isinstance(source, str) else source
    return lua.look(Tokens(raw, **options), "Content/a.lua")[0]


def codes(source: str | bytes) -> set[str]:
    return {signal.code for signal in look(source)}


RUNS = [
    'os.execute("x")',
    "os . execute 'x'",
    'os["execute"]("x")',
    'os["exe" .. "cute"]("x")',
    'os[("exe" .. "cute")]("x")',
    "os['\\101\\120\\x65cute']('x')",
    "os[ [[execute]] ]('x')",
    '_G.os.execute("x")',
    '_G["o".."s"]["execute"]("x")',
    '_ENV.os.execute("x")',
    'getfenv().os.execute("x")',
    'getfenv(0)["os"].execute("x")',
    'package.loaded.os.execute("x")',
    'package.loaded["os"].execute("x")',
    'require("os").execute("x")',
    'require "os".execute("x")',
    'rawget(os, "execute")("x")',
    'rawget(_G, "os").execute("x")',
    'rawget(rawget(_G, "os"), "execute")("x")',
    'local o = os\no.execute("x")',
    'local o = os or {}\no.execute("x")',
    'local g = _G\nlocal o = g.os\no.execute("x")',
    'local a, b = io, os\nb.execute("x")',
    'local run = os.execute\nrun("x")',
    'o = os\no.execute("x")',
    'function f() run("x") end\nrun = os.execute',
    'local o\no = os\no.execute("x")',
    'pcall(os.execute, "x")',
    "return os.execute",
    'do local os = {} end\nos.execute("x")',
    'if a then local os = {} else os.execute("x") end',
    'if a then local os = {} elseif b then os.execute("x") end',
    'for os = 1, 2 do end os.execute("x")',
    'for _, os in pairs(t) do end os.execute("x")',
    'while a do local os = {} end os.execute("x")',
    'repeat local o = os until o.execute("x")',
    'repeat local os = {} until a os.execute("x")',
    'local function f(os) end os.execute("x")',
    'local f = function(os, ...) end os.execute("x")',
    'local os = (function() os.execute("x") end)()',
    "local os = { run = os.execute }",
    'local os <const> = {} ; _G.os.execute("x")',
    '-- a comment\ros.execute("x")',
    '#!/usr/bin/lua [[\nos.execute("x")',
    '\ufeff# [[\nos.execute("x")',
    '"\\z\n  text" os.execute("x")',
    "'\\\n' os.execute('x')",
    '--[==[ ]] ]==] os.execute("x")',
    '--[ no long comment\nos.execute("x")',
    'x = a[b[ [[c]] ]] os.execute("x")',
    'minetest.os.execute("x")',
    'x["os"]["execute"]("y")',
    'x.y["os"].execute("y")',
    'x = 1 .. 2 os.execute("x")',
    't = { f = function() os.execute("x") end }',
    'x["o" .. "s"]["exe" .. "cute"]("y")',
    "load(\"os.execute('x')\")()",
    "load[[ local o = os\n o.execute(1) ]]",
    "assert(loadstring('os.' .. 'execute(1)'))()",
    "load('load(\"os.execute(1)\")')",
]


@pytest.mark.parametrize("source", RUNS)
def test_a_command_is_found_by_whatever_name(source: str) -> None:
    assert "lua_os_execute" in codes(source)


@pytest.mark.parametrize("source", RUNS)
def test_what_has_a_signal_is_worth_reading(source: str) -> None:
    assert lua.worth_reading(source.encode())


SILENT = [
    '-- os.execute("x")',
    '--[[ os.execute("x")\n os.execute("y") ]]',
    '--[==[ os.execute("x") ]] os.execute("y") ]==]',
    'print("os.execute")',
    "print('say \\' os.execute(1)')",
    "print([==[ os.execute(1) ]] os.execute(1) ]==])",
    'local os = {} os.execute("x")',
    'local function f(os) os.execute("x") end',
    'for os in next do os.execute("x") end',
    "local os\nfunction f() os.execute(1) end",
    "local t = os.time() + os.clock() .. os.date()",
    "if os and os.time then print(os.time()) end",
    "if not io then return end",
    "my.execute(1) executed.os = 3",
    "local M = {} function M.load(x) return x end return M",
    "M.load(x) M:load(x) t = { load = 1, os = 2 }",
    'load("return 1") load([[return 2]]) loadstring "return 3"',
    "load()",
    "dofile(path .. '/init.lua') dofile(path .. name) loadfile('a.LUA') dofile() dofile(get('x'))",
    "local load = load or loadstring",
    "local function load(x) return x end load(y)",
    'f = io.open(path) g = io.open(path, "rb") h = io.open(p, "r")',
    'local open = io.open\nlocal f = open("x")',
    'require("mymod") require "other"',
    "local G = _G setmetatable(env, { __index = _G })",
    "_G.name = 1 _G['other'] = 2",
    "t[name] = os.time",
    "M.require = require return rawget(t, 'os')",
    "local x = load.y",
]


@pytest.mark.parametrize("source", SILENT)
def test_what_is_only_said_or_harmless_is_none(source: str) -> None:
    assert codes(source) == set()


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ('io.popen("x")', "lua_io_popen"),
        ("package.loadlib('a.dll', 'f')", "lua_native_load"),
        ("package.cpath = x", "lua_native_load"),
        ("local ffi = require('ffi') ffi.load('x')", "lua_native_load"),
        ("pcall(require, 'ffi')", "lua_native_load"),
        ("require 'native.dll'", "lua_native_load"),
        ("package.loaded.ffi.C.system('x')", "lua_native_load"),
        ("os.getenv('USERPROFILE')", "lua_environment"),
        ("os.remove(path)", "lua_file_write"),
        ("os.rename(a, b)", "lua_file_write"),
        ("io.output('x')", "lua_file_write"),
        ("io.open(f(a, b), 'w')", "lua_file_write"),
        ("io.open(path, 'r+')", "lua_file_write"),
        ("io.open(path, mode)", "lua_file_write"),
        ("load(text)", "lua_dynamic_load"),
        ("load('return ' .. text)", "lua_dynamic_load"),
        ("loadstring(decode('x'))", "lua_dynamic_load"),
        ("setfenv(loadstring(x), {})", "lua_dynamic_load"),
        ("local l = load\nl(text)", "lua_dynamic_load"),
        ("string.gsub(x, '.*', load)", "lua_dynamic_load"),
        ("pcall(load, text)", "lua_dynamic_load"),
        ("_G.load(text)", "lua_dynamic_load"),
        ("load(function() return x end)", "lua_dynamic_load"),
        ("dofile('data.txt')", "lua_other_file"),
        ("dofile 'data.txt'", "lua_other_file"),
        ("loadfile(path .. '/words.cfg', 't')", "lua_other_file"),
        ("local run = dofile run(path .. '.dat')", "lua_other_file"),
        ("load('\\27Lua' .. 'abc')", "lua_bytecode"),
        ("load('\\x1bLJ')", "lua_bytecode"),
        ("_G[decode(x)](y)", "lua_hidden_global"),
        ("os[name]('x')", "lua_hidden_global"),
        ("for k, v in pairs(os) do end", "lua_hidden_global"),
        ("local function f(os) end f(os)", "lua_hidden_global"),
        ("t = { os = os }", "lua_hidden_global"),
        ("local _ENV = os execute('x')", "lua_hidden_global"),
        ("_ENV = os", "lua_hidden_global"),
        ("M.o = io", "lua_hidden_global"),
        ("local a = io or io or io or io or io or io or io or io or io.x", "lua_hidden_global"),
        ("rawget(os)", "lua_hidden_global"),
        ("local os, io = (os.execute", "lua_os_execute"),
        ("for k, v in pairs(_G) do v.x() end", "lua_hidden_global"),
        ("load(('load(\"' .. 'x')) load('load(\"load([[load(1) load(y)]])\")')", "lua_dynamic_load"),
        ("load('" + "x = 1 " * 200_000 + "')", "lua_dynamic_load"),
        ("a, b = os, 1", "lua_hidden_global"),
        ("setfenv(1, os)", "lua_hidden_global"),
        ("rawget(os, name)", "lua_hidden_global"),
        ("x = 1 --\u202e", "lua_turned_text"),
    ],
)
def test_each_kind_is_found(source: str, code: str) -> None:
    assert code in codes(source)
    assert lua.worth_reading(source.encode())


@pytest.mark.parametrize(
    "source", ["x = position.pos", "require('other.module')", "t['a'] = 'some words'", "radio()"]
)
def test_most_code_is_not_worth_reading(source: str) -> None:
    assert not lua.worth_reading(source.encode())


def test_a_program_in_a_text_is_found() -> None:
    text = base64.b64encode(b"MZ\x90\0" + random.Random(1).randbytes(500))
    assert codes(b'x = "' + text + b'"') == {"lua_encoded_text", "lua_hidden_program"}
    text = base64.b64encode(b"\x1bLuaQ" + random.Random(1).randbytes(500))
    assert codes(b'x = "' + text + b'"') == {"lua_encoded_text", "lua_bytecode"}


def test_a_signal_says_where_and_what() -> None:
    (signal,) = look("local x = 1\n\n  os.execute( cmd ) -- run\n")
    assert (signal.path, signal.line) == ("Content/a.lua", 3)
    assert signal.excerpt == "os.execute( cmd )"
    assert (signal.rule, signal.subject) == ("os.execute", "os.execute(cmd)")


def test_a_signal_is_known_again_elsewhere() -> None:
    (one,) = look("os.execute(cmd)")
    (other,) = look("\n\n\tos.execute( cmd )  -- moved")
    (changed,) = look("os.execute(other)")
    assert one.fingerprint == other.fingerprint != changed.fingerprint


def test_an_alias_and_its_use_are_both_told() -> None:
    assert [s.line for s in look("local run = os.execute\nrun(1)\nrun(2)")] == [1, 2, 3]


def test_lines_count_from_where_a_piece_begins() -> None:
    (signal,), _ = lua.look(Tokens(b"\nos.execute(1)"), "a.lua", 100)
    assert signal.line == 101


def test_what_is_shown_may_be_another_text() -> None:
    source, shown = b"os.execute('secret')", b"os.execute('******')"
    (signal,), _ = lua.look(Tokens(source), "a.lua", shown=shown)
    assert "secret" not in signal.excerpt + signal.subject


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (b"-- os.execute", "lua_os_execute"),
        (b"io.popen", "lua_io_popen"),
        (b"loadlib", "lua_native_load"),
        (b"ffi", "lua_native_load"),
        (b"loadstring", "lua_dynamic_load"),
        (b"load (", "lua_dynamic_load"),
        (b"getenv", "lua_environment"),
    ],
)
def test_what_is_too_much_is_searched_by_words(source: bytes, code: str) -> None:
    filler = b"x = 1 " * 10
    assert {s.code for s in look(filler + source, most=20)} == {code, "lua_large"}


def test_harmless_mentions_bury_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lua_names, "MOST_REFERENCES", 50)
    assert codes("if io then end " * 60 + "os.execute(1)") == {"lua_os_execute", "lua_large"}
    assert codes("if io then end " * 49 + "os.execute(1)") >= {"lua_os_execute"}


def test_what_a_text_does_is_told_where_it_is_run() -> None:
    (signal,) = look("local x = 1\nload([[\n\nos.execute(1)]])")
    assert (signal.code, signal.line) == ("lua_os_execute", 2)
    assert signal.message == "In a text that it runs: It runs a command of the system by `os.execute`."


def test_of_a_kind_fifty_are_made_out_and_the_rest_counted() -> None:
    signals, more = lua.look(Tokens(b"os.execute(1)\n" * 60), "a.lua")
    assert (len(signals), more) == (50, 10)


HOSTILE = [
    b"", b"\0", b"(", b")", b"[[", b"[=[", b"[====", b"--[[", b"--", b'"', b"'\\", b'"\\z', b"\\", b"os.", b"os[",
    b"os[\"", b"_G[_G[", b"rawget(", b"rawget(_G,", b"require(", b"getfenv()", b"package.loaded.", b"local ",
    b"local os=", b"local os,", b"function ", b"function f(os", b"for os ", b"repeat ", b"until ", b"end ", b"else ",
    b"then ", b"do local os={} ", b"load(", b"load(load", b"io.open(x,", b"a=os ", b"os=a ", b"..", b"'a'..", b"{",
    b"}", b"]", b"os or ", b"\xff\xfe", b"0x", b"goto os ", b"local a <const> ",
]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_source_is_read_somehow(piece: bytes) -> None:
    for source in (piece, piece * 500, piece * 500 + b" os.execute(1)"):
        look(source)


def test_work_grows_with_the_source_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted: how often a token is asked for its kind, for twice the source at most about twice as often."""

    def asked(source: bytes) -> int:
        tokens = Tokens(source)
        count = 0
        ask = Tokens.kind

        def counted(self: Tokens, place: int) -> int:
            nonlocal count
            count += 1
            return ask(self, place)

        with monkeypatch.context() as patch:
            patch.setattr(Tokens, "kind", counted)
            lua.look(tokens, "a.lua")
        return count

    for piece in HOSTILE:
        once, twice = asked(piece * 300), asked(piece * 600)
        assert twice <= 2.2 * once + 100, piece


@pytest.mark.parametrize("piece", [b"a", b"os.execute ", b'"\\', b"[=", b"((", b"\xe2\x80"])
def test_a_line_of_ten_megabytes_is_read(piece: bytes) -> None:
    tokens = Tokens(piece * (10_000_000 // len(piece)), 50_000)
    lua.look(tokens, "a.lua")
    assert len(tokens) <= 50_000
