// Windows programs (DLLs of mods) that do what no mod needs.

rule program_downloads_and_runs
{
    meta:
        description = "A program that fetches a file and starts programs"
        weight = 3
        blocking = false
        author = "SMMODS"
        reference = "Functions of WinINet or urlmon that fetch a file, beside those that start one"
    strings:
        $file1 = "URLDownloadToFileA"
        $file2 = "URLDownloadToFileW"
        $open1 = "InternetOpenUrlA"
        $open2 = "InternetOpenUrlW"
        $read = "InternetReadFile"
        $winhttp = "WinHttpReadData"
        $run1 = "ShellExecuteA"
        $run2 = "ShellExecuteW"
        $run3 = "ShellExecuteExW"
        $run4 = "WinExec"
        $run5 = "CreateProcessA"
        $run6 = "CreateProcessW"
    condition:
        uint16(0) == 0x5A4D and any of ($run*)
        and (any of ($file*) or (any of ($open*) and $read) or $winhttp)
}

rule program_injects
{
    meta:
        description = "A program that runs code in other programs"
        weight = 3
        blocking = false
        author = "SMMODS"
        reference = "Memory in another process, written and started there; a mod's own game needs none of it"
    strings:
        $write1 = "WriteProcessMemory"
        $write2 = "NtWriteVirtualMemory"
        $memory1 = "VirtualAllocEx"
        $memory2 = "NtAllocateVirtualMemory"
        $start1 = "CreateRemoteThread"
        $start2 = "NtCreateThreadEx"
        $start3 = "RtlCreateUserThread"
        $start4 = "QueueUserAPC"
    condition:
        uint16(0) == 0x5A4D and any of ($write*) and any of ($memory*) and any of ($start*)
}

rule program_hollows
{
    meta:
        description = "A program that puts itself in another program's place"
        weight = 3
        blocking = true
        author = "SMMODS"
        reference = "Process hollowing: unmapping a suspended process, then setting its context and letting it go on"
    strings:
        $unmap1 = "NtUnmapViewOfSection"
        $unmap2 = "ZwUnmapViewOfSection"
        $context = "SetThreadContext"
        $write = "WriteProcessMemory"
        $resume = "ResumeThread"
    condition:
        uint16(0) == 0x5A4D and any of ($unmap*) and $context and $write and $resume
}

rule program_reflective_loader
{
    meta:
        description = "A program that loads itself from memory"
        weight = 3
        blocking = false
        author = "SMMODS"
        reference = "The exported loader of reflective DLL injection"
    strings:
        $name = "ReflectiveLoader"
    condition:
        uint16(0) == 0x5A4D and $name
}

rule program_powershell
{
    meta:
        description = "A program with a PowerShell line that hides what it does"
        weight = 3
        blocking = true
        author = "SMMODS"
        reference = "PowerShell with an encoded command, a hidden window or a download that is run at once"
    strings:
        $name = "powershell" ascii wide nocase
        $hidden1 = "-windowstyle hidden" ascii wide nocase
        $hidden2 = "-w hidden" ascii wide nocase
        $hidden3 = "-encodedcommand" ascii wide nocase
        $hidden4 = " -enc " ascii wide nocase
        $fetch1 = "DownloadString(" ascii wide nocase
        $fetch2 = "DownloadFile(" ascii wide nocase
        $fetch3 = "Invoke-WebRequest" ascii wide nocase
        $fetch4 = "Invoke-Expression" ascii wide nocase
    condition:
        uint16(0) == 0x5A4D and $name and any of ($hidden*, $fetch*)
}

rule program_shell_commands
{
    meta:
        description = "A program with command lines for the shell"
        weight = 2
        blocking = false
        author = "SMMODS"
        reference = "cmd.exe with a command to run and to end after it"
    strings:
        $command = /\bcmd(\.exe)?"? {1,2}\/[ck] /  ascii wide nocase
        $task = "schtasks /create" ascii wide nocase
        $service = /\bsc(\.exe)? create / ascii wide nocase
        $kill = "taskkill /" ascii wide nocase
    condition:
        uint16(0) == 0x5A4D and any of them
}

rule program_starts_with_windows
{
    meta:
        description = "A program that makes something start with Windows"
        weight = 3
        blocking = false
        author = "SMMODS"
        reference = "Registry keys and folders from which Windows starts programs at sign-in"
    strings:
        $run = "Software\\Microsoft\\Windows\\CurrentVersion\\Run" ascii wide nocase
        $startup = "\\Start Menu\\Programs\\Startup" ascii wide nocase
        $winlogon = "Windows NT\\CurrentVersion\\Winlogon" ascii wide nocase
        $options = "Image File Execution Options" ascii wide nocase
        $appinit = "AppInit_DLLs" ascii wide nocase
    condition:
        uint16(0) == 0x5A4D and any of them
}

rule program_disables_protection
{
    meta:
        description = "A program that switches protection off or destroys backups"
        weight = 3
        blocking = true
        author = "SMMODS"
        reference = "Switches of Windows Defender and the firewall, and the deletion of shadow copies"
    strings:
        $defender1 = "Set-MpPreference" ascii wide nocase
        $defender2 = "Add-MpPreference" ascii wide nocase
        $defender3 = "DisableAntiSpyware" ascii wide nocase
        $defender4 = "DisableRealtimeMonitoring" ascii wide nocase
        $firewall = "netsh advfirewall set" ascii wide nocase
        $shadow1 = "vssadmin delete shadows" ascii wide nocase
        $shadow2 = "shadowcopy delete" ascii wide nocase
        $recovery = "recoveryenabled no" ascii wide nocase
        $amsi = "AmsiScanBuffer" ascii wide
    condition:
        uint16(0) == 0x5A4D and any of them
}

rule program_hides_from_analysis
{
    meta:
        description = "A program that looks whether somebody is looking"
        weight = 2
        blocking = false
        author = "SMMODS"
        reference = "Names of virtual machines, debuggers and sandboxes that malware searches for"
    strings:
        $machine1 = "vmtoolsd" ascii wide nocase
        $machine2 = "VBoxService" ascii wide nocase
        $machine3 = "VBoxGuest" ascii wide nocase
        $machine4 = "qemu-ga" ascii wide nocase
        $machine5 = "SbieDll" ascii wide nocase
        $tool1 = "wireshark" ascii wide nocase
        $tool2 = "x64dbg" ascii wide nocase
        $tool3 = "ollydbg" ascii wide nocase
        $tool4 = "procmon" ascii wide nocase
        $tool5 = "processhacker" ascii wide nocase
        $tool6 = "fiddler" ascii wide nocase
    condition:
        uint16(0) == 0x5A4D and 3 of them
}

rule program_within_a_program
{
    meta:
        description = "A program that carries another one"
        weight = 2
        blocking = false
        author = "SMMODS"
        reference = "A second DOS header with its sentence behind the first: droppers carry what they drop"
    strings:
        $header = { 4D 5A [62] 0E 1F BA 0E 00 B4 09 CD 21 }
    condition:
        uint16(0) == 0x5A4D and #header > 1
}

rule program_mines
{
    meta:
        description = "It mines digital money"
        weight = 3
        blocking = true
        author = "SMMODS"
        reference = "The protocol of mining pools and the names of miners"
    strings:
        $pool1 = "stratum+tcp://" ascii wide nocase
        $pool2 = "stratum+ssl://" ascii wide nocase
        $miner1 = "xmrig" ascii wide nocase
        $miner2 = "--donate-level" ascii wide
        $miner3 = "randomx" ascii wide nocase
    condition:
        any of ($pool*) or (uint16(0) == 0x5A4D and 2 of ($miner*))
}

rule program_ransoms
{
    meta:
        description = "It tells players that their files are encrypted"
        weight = 3
        blocking = true
        author = "SMMODS"
        reference = "Sentences of ransom notes"
    strings:
        $note1 = "your files have been encrypted" ascii wide nocase
        $note2 = "all your files are encrypted" ascii wide nocase
        $note3 = "to decrypt your files" ascii wide nocase
        $pay1 = "bitcoin" ascii wide nocase
        $pay2 = ".onion" ascii wide nocase
        $pay3 = "monero" ascii wide nocase
    condition:
        any of ($note*) and any of ($pay*)
}
