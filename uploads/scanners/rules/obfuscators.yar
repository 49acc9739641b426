// Marks that Lua obfuscators leave, and what obfuscated Lua looks like. Obfuscated code can't be reviewed.

rule obfuscator_luraph
{
    meta:
        description = "Lua that was obfuscated with Luraph"
        weight = 3
        blocking = false
        author = "SMMODS"
        reference = "The header and the virtual machine's markers that Luraph writes"
    strings:
        $header = "Luraph Obfuscator"
        $site = "lura.ph"
        $payload = /["'\[]LPH[!@|~][0-9A-Za-z!-~]{64}/
        $macro = /\bLPH_(OBFUSCATED|ENCSTR|ENCNUM|JIT_MAX|NO_VIRTUALIZE|CRASH)\b/
    condition:
        uint16(0) != 0x5A4D and any of them
}

rule obfuscator_ironbrew
{
    meta:
        description = "Lua that was obfuscated with IronBrew or a descendant of it"
        weight = 3
        blocking = false
        author = "SMMODS"
        reference = "The names of IronBrew and its descendants, and the opening of its virtual machine"
    strings:
        $name1 = "IronBrew" nocase
        $name2 = "AztupBrew" nocase
        $name3 = "PSU Obfuscator" nocase
        $name4 = "This file was obfuscated using PSU" nocase
        $machine = /\bIB2_[A-Z0-9_]{3,30}\b/
    condition:
        uint16(0) != 0x5A4D and any of them
}

rule obfuscator_prometheus
{
    meta:
        description = "Lua that was obfuscated with Prometheus"
        weight = 3
        blocking = false
        author = "SMMODS"
        reference = "The header that Prometheus writes, and its table of shuffled constants"
    strings:
        $header = "Prometheus Obfuscator" nocase
        $author = "Levno_710"
        $shuffle = /for\s\w{1,20},\w{1,20}\sin\s{0,2}ipairs\s{0,2}\(\{\{[-+()\d]{1,60}[;,][-+()\d]{1,60}\}[;,]\{/
    condition:
        uint16(0) != 0x5A4D and any of them
}

rule obfuscator_others
{
    meta:
        description = "Lua with the mark of a known obfuscator"
        weight = 3
        blocking = false
        author = "SMMODS"
        reference = "Headers of MoonSec, Boronide, Synapse Xen, luaobfuscator.com, WeAreDevs and others"
    strings:
        $moonsec1 = "protected with MoonSec" nocase
        $moonsec2 = "MoonSec V3" nocase
        $boronide1 = "discord.gg/boronide" nocase
        $boronide2 = "Boronide Obfuscat" nocase
        $xen = "Synapse Xen" nocase
        $site1 = "luaobfuscator.com" nocase
        $site2 = "wearedevs.net/obfuscator" nocase
        $site3 = "hercules-obfuscator" nocase
        $azure = "AzureBrew" nocase
        $generic = /--\[?=?\[?\s{0,3}(this (file|script|code) (was|is) )?(obfuscated|protected|encrypted) (with|by|using) /  nocase
    condition:
        uint16(0) != 0x5A4D and any of them
}

rule obfuscated_virtual_machine
{
    meta:
        description = "Lua that looks like an obfuscator's virtual machine"
        weight = 3
        blocking = false
        author = "SMMODS"
        reference = "One function around everything, the environment by getfenv, and the string library under short names"
    strings:
        $around = /return\s{0,2}\(?\s{0,2}\(?\s{0,2}function\s{0,2}\(\s{0,2}(\.\.\.|\w{1,3}(,\w{1,3}){3})/
        $environment = /\bgetfenv\s{0,2}(or|and)\b|\b_ENV\s{0,2}or\s{0,2}getfenv\b|\bgetfenv\(\)\s{0,2}or\s{0,2}_ENV/
        $byte = /\bstring\s{0,2}[.\[]\s{0,2}["']?byte/
        $char = /\bstring\s{0,2}[.\[]\s{0,2}["']?char/
        $sub = /\bstring\s{0,2}[.\[]\s{0,2}["']?sub/
        $unpack = /\bunpack\s{0,2}or\s{0,2}table\s{0,2}[.\[]\s{0,2}["']?unpack|\btable\s{0,2}\.\s{0,2}unpack\s{0,2}or\s{0,2}unpack/
    condition:
        uint16(0) != 0x5A4D and $around and $environment and 3 of ($byte, $char, $sub, $unpack)
}

rule obfuscated_names
{
    meta:
        description = "Code whose names are made to be mistaken for each other"
        weight = 2
        blocking = false
        author = "SMMODS"
        reference = "Dozens of names of I, l and 1, or of numbers after an underscore, as obfuscators write them"
    strings:
        $bars = /\b[Il][Il1]{9}[Il1]{0,60}\b/
        $numbers = /\b_0x[0-9a-f]{4,8}\b/
    condition:
        uint16(0) != 0x5A4D and (#bars > 20 or #numbers > 30)
}
