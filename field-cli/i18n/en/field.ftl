# Words of `field`. Every message stands in every language; a test compares them.
# `help-<command>` explains a command, `help-<command>--<argument>` an argument of one command,
# `arg-<argument>` an argument of the same meaning in many commands.

## Help

about = Records visits without a network and exchanges them with the server. Nothing you record is lost.
help-root-before = { "" }
help-root-after =
    Exit codes: 0 done · 1 failed · 2 wrong command line · 3 done in part, run again
      4 not enrolled or refused · 5 server unreachable, all safe here · 6 conflicts need a person · 130 stopped
    Variables: FIELD_LANG (en, zh-CN) · FIELD_HOME (folder of this device) · NO_COLOR
    A day: field sync · field today · field visit start 0417 · … · field visit finish · field sync
heading-usage = Usage:
heading-options = Options
heading-arguments = Arguments
heading-commands = Commands
usage-options = [OPTIONS]
usage-command = <COMMAND>
help-values = { " " }[{ $values }]

arg-help = Show this help
arg-version = Show the version
arg-lang = Language: en, zh-CN
arg-json = JSON lines instead of words, for scripts
arg-home = Folder of this device
arg-visit = Visit: @ (the current one), a complaint number or its end (0417); @ if not given
arg-reason = Why: a code or words
arg-text = Words
arg-code = Code
arg-profile = Limit profile to judge by
arg-meter = Meter number; the one on record if not given
arg-class = Accuracy class on the nameplate; the one on record if not given
arg-photo = Photo file, recorded in the same act
arg-allow-old = Take photos that claim to be older than the visit
arg-severity = How bad it is
arg-why = Why, in words
arg-position = Where it sits
arg-number = Number

help-enrol = Enrol this device with an invitation from the office
help-enrol--invitation = The link of the QR code, or the short code
help-enrol--server = Address of the server, needed with a short code
help-enrol--name = Name of this device, for example "Zhang's phone"
help-sync = Send what you recorded, fetch what others did, then send photos
help-sync--photos-later = Records only; photos stay for the next time
help-sync--limit-rate = Highest upload rate, for example 200k
help-sync--watch = Keep running and sync whenever there is a network
help-status = What is on this device and what has arrived; needs no network
help-today = The visits of today
help-today--all = The visits of every day
help-visit = Start, show and finish visits
help-visit-list = List visits
help-visit-list--date = Day: today, tomorrow or YYYY-MM-DD
help-visit-list--all = The visits of every day
help-visit-show = Show a visit with everything recorded on it
help-visit-show--history = Also what was withdrawn or corrected
help-visit-start = Start a visit; it becomes @
help-visit-start--visit = Visit: a complaint number or its end, for example 0417
help-visit-start--at = Where you are: latitude,longitude in degrees (WGS-84)
help-visit-pause = Pause the visit
help-visit-resume = Go on with a paused visit
help-visit-no-access = Record that the visit was in vain
help-visit-propose = Propose verdict, cause and responsibility to the office
help-visit-propose--verdict = Is the complaint justified?
help-visit-propose--cause = Root cause: a code such as M01
help-visit-propose--responsibility = Who is responsible
help-visit-propose--text = The cause in words
help-visit-note = Add a line to the note of the visit
help-visit-note--text = The line
help-visit-finish = Finish the visit, after checking that nothing is missing
help-visit-finish--outcome = What came of it: a code
help-visit-finish--skip = Checklist item to leave out, with --why; may be repeated
help-answer = Answer an item of the checklist; lists the checklist without arguments
help-answer--item = Item: its code or number in the list
help-answer--value = Answer
help-answer--clear = Take the answer back
help-finding = Record what you found
help-finding-add = Record a finding
help-finding-add--code = Code; a plain note if not given
help-finding-add--item = Checklist item it belongs to
help-finding-list = List findings
help-finding-edit = Reword one of your findings
help-finding-edit--finding = Finding: its number in the list
help-finding-withdraw = Take back one of your findings; it stays readable
help-finding-withdraw--finding = Finding: its number in the list
help-meter = Read, check and seal the meter
help-meter-read = Record register readings as displayed
help-meter-read--register = Register and reading as displayed, for example total=012345.6; may be repeated
help-meter-read--kind = How the reading came about
help-meter-read--confirm-rollover = The register passed its end since the last reading
help-meter-read--unit = Unit on the display; kWh or m3 if not given
help-meter-read--photo = Photo that shows it: its number in the list
help-meter-read--corrects = Reading that this one corrects: its number in the list
help-meter-check = Check the meter; error, limit and verdict at once
help-meter-check-watt = Watt-second method: pulses and seconds at a known power
help-meter-check-reference = Energy of the meter against a reference meter
help-meter-check-pulse = Pulses of the meter against pulses of a reference meter
help-meter-check-power = Power shown by the meter against a reference: screens the wiring
help-meter-check-errors = Mean of errors that an instrument showed
help-meter-check-errors--errors = Errors in per cent, at least two
arg-constant = Meter constant in imp/kWh; the one on record if not given
arg-pulses = Pulses counted
arg-seconds = Seconds they took
arg-watts = Power in W; the primary power with --ct
arg-ct = Current transformer, both numbers: 200/5
arg-pt = Voltage transformer, both numbers: 10000/100
arg-timed = Timed by an instrument, not by hand
arg-tested = What the meter counted
arg-start = At the start
arg-stop = At the end
arg-reference = What the reference counted
arg-reference-constant = Constant of the reference in imp/kWh
arg-reference-pulses = Pulses of the reference
arg-shown = Power that the meter shows, in W
arg-reactive = Reactive energy
arg-current = Current during the check, in A
arg-power-factor = Power factor during the check, for example 0.5L
arg-rating = Currents on the nameplate, for example 5(60)
arg-instrument = Number of the reference instrument
arg-instrument-class = Its accuracy class
arg-instrument-valid-to = Last day of its calibration, YYYY-MM-DD
help-meter-seal = Record a seal as found, and the new one
help-meter-seal--no = Number on the seal that you found
help-meter-seal--state = State of the seal
help-meter-seal--fitted = Number of the seal that you fitted
help-meter-list = List readings, checks and seals
help-gas = Gas tests
help-gas-soap = Soap test of joints
help-gas-soap--leak = Did it bubble? yes or no
help-gas-soap--joint = Which joint
help-gas-leak = Tightness test: pressure over time
help-gas-leak--minutes = Minutes between start and end
help-gas-leak--volume = Volume of the installation in m³
help-gas-volume = Error of the gas meter against a reference
help-gas-volume--seconds = Seconds the draw took, for the flow
help-gas-gas = Reading of a gas detector
help-gas-gas--reading = Reading with its unit: 20%LEL, 1vol%, 30ppm
help-hazard = Record dangers; the highest level counts
help-hazard-add = Record a danger
help-hazard-add--code = What it is: a code
help-hazard-add--level = H1 at once, H2 by a deadline, H3 advice
help-hazard-add--action = What you did about it
help-hazard-list = List dangers
help-notice = Written notices to the customer
help-notice-add = Record a written notice
help-notice-add--number = Number printed on the notice
help-notice-add--delivered = How it reached the customer
help-notice-add--kind = What it is about
help-notice-add--hazard = Danger it notifies: its number in the list
help-notice-list = List notices
help-photo = Photos
help-photo-add = Add photos: copied, hashed and safe when the prompt returns
help-photo-add--files = Photo files
help-photo-add--tag = What they show
help-photo-add--caption = Caption
help-photo-add--finding = Finding they support: its number in the list
help-photo-list = List photos
help-photo-unavailable = Declare that a photo is lost for good
help-photo-unavailable--photo = Photo: its number in the list
help-customer = What the customer states and signs
help-customer-statement = Record a statement
help-customer-statement--file = Text file with the statement
help-customer-statement--from = Who states it
help-customer-sign = Record the customer's signature
help-customer-sign--image = Image of the signature (PNG or JPEG)
help-customer-refuse = Record that the customer will not sign
help-promise = Promises made to the customer
help-promise-add = Record a promise
help-promise-add--what = What was promised
help-promise-add--due = Until when: YYYY-MM-DD, YYYY-MM-DDTHH:MM, tomorrow, +3d, +2h
help-promise-list = List promises
help-complaint = Complaints met in the field
help-complaint-new = Open a complaint: a number for the customer at once, its visit starts
help-complaint-new--summary = What the customer says
help-complaint-new--address = Where
help-complaint-new--utility = What it is about
help-complaint-new--category = Category code
help-complaint-new--customer = Name of the customer
help-complaint-new--phone = Phone of the customer
help-complaint-new--checklist = Checklist for the visit
help-complaint-new--no-visit = Report it only; you do not investigate now
help-grumble = File what somebody grumbled about, in ten seconds
help-grumble--category = Category code
help-grumble--place = Where it was heard
help-outbox = What has not arrived at the server
help-outbox-list = List it
help-outbox-retry = Try refused items again with the next sync
help-outbox-pause = Send nothing until retried
help-conflicts = Values that differ between people
help-conflicts-list = List them
help-conflicts-show = Show one with every value and its author
help-conflicts-show--number = Number in the list
help-conflicts-choose = Write the value that you think is right; the office decides
help-conflicts-choose--number = Number in the list
help-conflicts-choose--keep = Letter of the value, or both
help-log = Who recorded what, when, on which device
help-undo = Take back your last act; it stays readable
help-search = Search everything on this device
help-search--text = Words to look for
help-doctor = Check clock, store, keys and network
help-doctor--fix = Repair what can be repaired
help-export = Write a visit to a file
help-export--format = Format
help-export--out = File; standard output if not given
help-lang = Show or choose the language
help-lang--language = en or zh-CN
help-completions = Completion script for a shell
help-completions--shell = Shell
help-man = Manual page
help-man--dir = Write one page per command into this folder

## Mistakes on the command line

usage-unknown-argument = There is no option { $argument } here
usage-unknown-command = There is no command { $command }
usage-missing = Missing: { $arguments }
usage-missing-command = A command is missing
usage-conflict = { $argument } cannot be used together with { $other }
usage-no-value = { $argument } needs a value
usage-wrong-value = { $value } does not fit { $argument }
usage-suggestion = Did you mean { $suggestion }?
usage-valid-values = Possible: { $values }
usage-help = More: add --help

## Times and sizes

duration-seconds = { $seconds } s
duration-minutes = { $minutes } min
duration-hours = { $hours } h { $minutes } min
duration-days = { $days } d { $hours } h

## Language, completions, manual

lang-is = Language: { $lang }
lang-saved = language is { $lang } from now on
man-saved = { $count ->
    [one] wrote one page to { $dir }
   *[other] wrote { $count } pages to { $dir }
}
file-not-written = { $file } cannot be written: { $error }
next-step = next: { $command }
