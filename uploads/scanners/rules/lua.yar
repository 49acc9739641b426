// Lua that writes, fetches or hides what it runs. Texts only: a Windows program is looked at in programs.yar.

rule lua_drops_program
{
    meta:
        description = "Lua writes a program or script to disk and runs commands"
        weight = 3
        blocking = true
        author = "SMMODS"
        reference = "Droppers in game mods write an .exe or a script beside the game and start it through the shell"
    strings:
        $run1 = /\bos\s{0,4}[.\[]\s{0,4}["']?execute\b/
        $run2 = /\bio\s{0,4}[.\[]\s{0,4}["']?popen\b/
        $open = /\bio\s{0,4}[.\[]\s{0,4}["']?open\b/
        $write = /,\s{0,4}["'][wa]\+?b?\+?["']\s{0,4}\)/
        $program = /\.(exe|bat|cmd|ps1|vbs|scr|msi|hta)["'\]]/ nocase
    condition:
        uint16(0) != 0x5A4D and any of ($run*) and $open and $write and $program
}

rule lua_downloads_and_runs
{
    meta:
        description = "Lua has a shell fetch something from the web"
        weight = 3
        blocking = true
        author = "SMMODS"
        reference = "A command line with a downloader of Windows and a web address, handed to os.execute or io.popen"
    strings:
        $run1 = /\bos\s{0,4}[.\[]\s{0,4}["']?execute\b/
        $run2 = /\bio\s{0,4}[.\[]\s{0,4}["']?popen\b/
        $tool = /\b(curl|wget|bitsadmin|certutil|mshta|Invoke-WebRequest|Invoke-RestMethod|DownloadFile|DownloadString)\b/ nocase
        $address = /\bhttps?:\/\// nocase
    condition:
        uint16(0) != 0x5A4D and any of ($run*)
        and for any i in (1..#tool) : ($address in (@tool[i]..@tool[i] + 300))
}

rule lua_runs_fetched_text
{
    meta:
        description = "Lua runs text that it has fetched from the web"
        weight = 3
        blocking = true
        author = "SMMODS"
        reference = "load or loadstring directly over an HTTP request: what runs is decided after the review"
    strings:
        $direct = /\bload(string)?\s{0,4}\(\s{0,4}[A-Za-z_][\w.:]{0,24}(HttpGet|HttpGetAsync|http\.request|https\.request|http_get|httpget|fetch_sync|urlopen)\w{0,10}\s{0,4}\(/
    condition:
        $direct
}

rule lua_runs_decoded_text
{
    meta:
        description = "Lua runs text that it has decoded first"
        weight = 2
        blocking = false
        author = "SMMODS"
        reference = "load or loadstring directly over a function whose name says that it decodes or decrypts"
    strings:
        $direct = /\bload(string)?\s{0,4}\(\s{0,4}([A-Za-z_][\w.:]{0,24})?(decode|decrypt|deobf|unhex|fromhex|base64|b64|inflate|decompress|unpack_code)\w{0,12}\s{0,4}\(/ nocase
    condition:
        $direct
}

rule lua_character_chain
{
    meta:
        description = "Lua builds a long text from character codes"
        weight = 2
        blocking = false
        author = "SMMODS"
        reference = "string.char over dozens of numbers is how obfuscators and droppers hide a text"
    strings:
        $long = /\bchar\s{0,2}\(\s{0,2}\d{1,3}(\s{0,2},\s{0,2}\d{1,3}){23}/
        $many = /\bchar\s{0,2}\(\s{0,2}\d{1,3}\s{0,2}\)\s{0,2}\.\./
    condition:
        uint16(0) != 0x5A4D and ($long or #many > 15)
}

rule lua_escaped_text
{
    meta:
        description = "A long Lua text is written in escapes"
        weight = 1
        blocking = false
        author = "SMMODS"
        reference = "Obfuscators write every character of a text as a decimal or hexadecimal escape"
    strings:
        $decimal = /(\\\d{2,3}){48}/
        $hexadecimal = /(\\x[0-9A-Fa-f]{2}){48}/
    condition:
        uint16(0) != 0x5A4D and any of them
}

rule lua_xor_decoder
{
    meta:
        description = "Lua decodes a text byte by byte with exclusive or, and runs text"
        weight = 2
        blocking = false
        author = "SMMODS"
        reference = "The decoding loop of home-made obfuscators: byte, exclusive or, char, then load"
    strings:
        $xor = /\b(bxor\s{0,2}\(|bit32?\s{0,2}\.\s{0,2}bxor\b)/
        $byte = /[.:]\s{0,2}byte\s{0,2}\(/
        $char = /[.:]\s{0,2}char\s{0,2}\(/
        $load = /\bload(string)?\s{0,4}\(\s{0,4}[A-Za-z_]/
    condition:
        uint16(0) != 0x5A4D and all of them
}

rule lua_bytecode_text
{
    meta:
        description = "Compiled Lua lies in a Lua text"
        weight = 3
        blocking = false
        author = "SMMODS"
        reference = "The signature of compiled Lua or LuaJIT, written with an escape"
    strings:
        $lua = /\\(27|x1[bB]|033|u\{1[bB]\})Lua[QRST\\]/
        $jit = /\\(27|x1[bB]|033|u\{1[bB]\})LJ\\/
        $dump = /\bload(string)?\s{0,4}\(\s{0,4}string\s{0,2}\.\s{0,2}dump\b/
    condition:
        uint16(0) != 0x5A4D and any of them
}

rule text_holds_program
{
    meta:
        description = "An encoded Windows program lies in a text"
        weight = 3
        blocking = true
        author = "SMMODS"
        reference = "The first bytes of a Windows program in Base64, hexadecimal digits or a table of numbers"
    strings:
        $base64a = "TVqQAAMAAAAEAAAA//8AAL"
        $base64b = "TVpQAAIAAAAEAA8A//8AAL"
        $base64c = "TVoAAAAAAAAAAAAAAAAAAAAAAAAA"
        $hexadecimal = "4d5a90000300000004000000ffff" nocase
        $escaped = /MZ\\(144|x90)\\(0|00|000|x00)\\(3|03|003|x03)/ nocase
        $decimal_table = /\b77\s{0,4},\s{0,4}90\s{0,4},\s{0,4}144\s{0,4},\s{0,4}0\s{0,4},\s{0,4}3\s{0,4},\s{0,4}0\b/
        $hexadecimal_table = /\b0x4D\s{0,4},\s{0,4}0x5A\s{0,4},\s{0,4}0x90\s{0,4},\s{0,4}0x00?\s{0,4},\s{0,4}0x0?3\b/ nocase
    condition:
        uint16(0) != 0x5A4D and any of them
}

rule lua_debug_registry
{
    meta:
        description = "Lua reaches behind its sandbox with the debug library"
        weight = 2
        blocking = false
        author = "SMMODS"
        reference = "debug.getregistry and its like hand out what a sandbox has taken away"
    strings:
        $registry = /\bdebug\s{0,4}[.\[]\s{0,4}["']?(getregistry|setupvalue|upvaluejoin|setmetatable|setuservalue)\b/
    condition:
        uint16(0) != 0x5A4D and $registry
}

rule text_powershell_hidden
{
    meta:
        description = "A text holds a PowerShell line that hides what it does"
        weight = 3
        blocking = true
        author = "SMMODS"
        reference = "PowerShell with an encoded command, a hidden window, or a download that is run at once"
    strings:
        $name = "powershell" nocase
        $hidden = /\s-(enc|encodedcommand|ec|w\s{1,3}hidden|windowstyle\s{1,3}hidden)\s/ nocase
        $run1 = "iex" fullword nocase
        $run2 = "invoke-expression" nocase
        $fetch1 = "downloadstring" nocase
        $fetch2 = "invoke-webrequest" nocase
        $fetch3 = "net.webclient" nocase
    condition:
        uint16(0) != 0x5A4D and (($name and $hidden) or (any of ($run*) and any of ($fetch*)))
}

rule text_script_host
{
    meta:
        description = "A text holds a script for Windows' own script host"
        weight = 2
        blocking = false
        author = "SMMODS"
        reference = "Objects of the Windows Script Host, which a mod would write to disk and start"
    strings:
        $shell = "WScript.Shell" nocase
        $application = "Shell.Application" nocase
        $files = "Scripting.FileSystemObject" nocase
        $request = "MSXML2.XMLHTTP" nocase
        $stream = "ADODB.Stream" nocase
    condition:
        uint16(0) != 0x5A4D and 2 of them
}
