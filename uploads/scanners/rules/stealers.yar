// Code that looks for what a player keeps secret: in texts and in programs, in ASCII and as Windows writes text.

rule stealer_browser
{
    meta:
        description = "It looks for passwords and cookies of browsers"
        weight = 3
        blocking = true
        author = "SMMODS"
        reference = "Files in which Chromium and Firefox keep passwords, cookies and their key"
    strings:
        $profile1 = /\\{1,2}User Data\\{1,2}(Default|Local State|Profile )/ ascii wide nocase
        $profile2 = /Mozilla\\{1,2}Firefox\\{1,2}Profiles/ ascii wide nocase
        $profile3 = "/User Data/Default" ascii wide nocase
        $profile4 = "Mozilla/Firefox/Profiles" ascii wide nocase
        $file1 = "Login Data" ascii wide
        $file2 = "cookies.sqlite" ascii wide
        $file3 = "logins.json" ascii wide
        $file4 = "key4.db" ascii wide
        $file5 = "Local State" ascii wide
        $file6 = "Web Data" ascii wide
        $file7 = "Network\\Cookies" ascii wide
        $key = "CryptUnprotectData" ascii wide
    condition:
        (any of ($profile*) and any of ($file*)) or ($key and 2 of ($file*)) or 4 of ($file*)
}

rule stealer_discord
{
    meta:
        description = "It looks for Discord's sign-in tokens"
        weight = 3
        blocking = true
        author = "SMMODS"
        reference = "Discord keeps its token in the leveldb folder of its local storage; stealers search there for its form"
    strings:
        $folder1 = /discord(canary|ptb|development)?["']?[^\n]{0,60}Local Storage[\\\/]{1,2}leveldb/ ascii wide nocase
        $folder2 = /Local Storage[\\\/]{1,2}leveldb/ ascii wide nocase
        $name = "discord" ascii wide nocase
        $form1 = "[\\w-]{24}\\.[\\w-]{6}\\.[\\w-]{27}" ascii wide
        $form2 = "mfa\\.[\\w-]{84}" ascii wide
        $form3 = "dQw4w9WgXcQ:" ascii wide
    condition:
        $folder1 or ($folder2 and $name) or any of ($form*)
}

rule stealer_wallets
{
    meta:
        description = "It looks for wallets of digital money"
        weight = 3
        blocking = true
        author = "SMMODS"
        reference = "Files and browser extensions in which wallets keep their keys"
    strings:
        $core = "wallet.dat" ascii wide nocase
        $exodus = /Exodus[\\\/]{1,2}exodus\.wallet/ ascii wide nocase
        $electrum = /Electrum[\\\/]{1,2}wallets/ ascii wide nocase
        $ethereum = /Ethereum[\\\/]{1,2}keystore/ ascii wide nocase
        $atomic = /atomic[\\\/]{1,2}Local Storage/ ascii wide nocase
        $metamask = "nkbihfbeogaeaoehlefnkodbefgpgknn" ascii wide
        $phantom = "bfnaelmomeimhlpmgjnjophhpkkoljpa" ascii wide
        $tron = "ibnejdfjmmkpcnlpebklmnkoeoihofec" ascii wide
    condition:
        2 of them or $metamask or $phantom or $tron or $exodus
}

rule stealer_game_accounts
{
    meta:
        description = "It looks for sign-in files of games and messengers"
        weight = 3
        blocking = false
        author = "SMMODS"
        reference = "Files in which Steam, Telegram and game launchers keep that somebody is signed in"
    strings:
        $steam1 = "loginusers.vdf" ascii wide nocase
        $steam2 = /Steam[\\\/]{1,2}config[\\\/]{1,2}config\.vdf/ ascii wide nocase
        $steam3 = /\bssfn[*%\d]/ ascii wide
        $telegram = /Telegram Desktop[\\\/]{1,2}tdata/ ascii wide nocase
        $minecraft = "launcher_accounts.json" ascii wide nocase
        $epic = /EpicGamesLauncher[\\\/]{1,2}Saved[\\\/]{1,2}Config/ ascii wide nocase
    condition:
        any of them
}

rule stealer_key_files
{
    meta:
        description = "It looks for key files of other programs"
        weight = 3
        blocking = false
        author = "SMMODS"
        reference = "Where SSH, cloud tools and file transfer programs keep their keys"
    strings:
        $ssh = /\.ssh[\\\/]{1,2}(id_rsa|id_ed25519|id_ecdsa)/ ascii wide nocase
        $aws = /\.aws[\\\/]{1,2}credentials/ ascii wide nocase
        $filezilla = /FileZilla[\\\/]{1,2}(recentservers|sitemanager)\.xml/ ascii wide nocase
        $winscp = /Martin Prikryl\\{1,2}WinSCP/ ascii wide nocase
    condition:
        any of them
}

rule stealer_sends_to_webhook
{
    meta:
        description = "It knows a webhook and what is personal on this machine"
        weight = 3
        blocking = true
        author = "SMMODS"
        reference = "A Discord or Telegram webhook beside the player's name, folders or address"
    strings:
        $hook1 = /discord(app)?\.com\/api\/(v\d{1,2}\/)?webhooks\/\d{5}/ ascii wide nocase
        $hook2 = /api\.telegram\.org\/bot\d{5}/ ascii wide nocase
        $person1 = /getenv\s{0,4}\(?\s{0,4}["'](USERNAME|USERPROFILE|APPDATA|LOCALAPPDATA|COMPUTERNAME|USERDOMAIN)/
        $person2 = "api.ipify.org" ascii wide
        $person3 = "%USERPROFILE%" ascii wide nocase
        $person4 = "%APPDATA%" ascii wide nocase
        $person5 = "GetUserNameA"
        $person6 = "GetUserNameW"
        $person7 = "GetComputerNameW"
    condition:
        any of ($hook*) and any of ($person*)
}

rule stealer_keys_pressed
{
    meta:
        description = "A program that notes keys and the clipboard"
        weight = 2
        blocking = false
        author = "SMMODS"
        reference = "A hook on the keyboard, the window in front and the clipboard together; hotkeys alone need the first"
    strings:
        $hook1 = "SetWindowsHookExA"
        $hook2 = "SetWindowsHookExW"
        $keys = "GetAsyncKeyState"
        $front1 = "GetForegroundWindow"
        $front2 = "GetWindowTextW"
        $clipboard = "GetClipboardData"
    condition:
        uint16(0) == 0x5A4D and any of ($hook*) and $keys and any of ($front*) and $clipboard
}
