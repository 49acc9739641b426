-- The words of Hello Lua, apart from the code that talks to the game, so that they can be tried without it.

local greetings = {}

local FORMS = {
  friendly = "Hello, %s! Good to have you back.",
  formal = "Welcome aboard, %s.",
  short = "Hi, %s.",
}

-- The greeting in a tone; an unknown tone is taken as friendly, a missing name as "miner".
function greetings.line(tone, name)
  local form = FORMS[tone] or FORMS.friendly
  if name == nil or name == "" then
    name = "miner"
  end
  return string.format(form, name)
end

return greetings
