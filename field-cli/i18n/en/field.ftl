# Words of `field`. Every message stands in every language; a test compares them.
# `help-<command>` explains a command, `help-<command>--<argument>` an argument of one command,
# `arg-<argument>` an argument of the same meaning in many commands.

## Help

about = Records visits without a network and exchanges them with the server. Nothing you record is lost.
help-way-back = English: field --lang en --help
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
help-finding-restricted = Report the conduct of staff: sealed at once, read by inspectors only
help-finding-restricted--conduct = What it is about
help-finding-restricted--about = Name or staff number of who is meant
help-finding-restricted--text = What happened
help-meter = Read, check and seal the meter
help-meter-read = Record register readings as displayed
help-meter-read--register = Register and reading as displayed, for example total=012345.6; may be repeated
help-meter-read--kind = How the reading came about
help-meter-read--confirm-rollover = The register passed its end since the last reading
help-meter-read--confirm-below = The digits are right although they are below the last reading on record
help-meter-read--unit = Unit on the display; kWh or m3 if not given
help-meter-read--photo = Photo that shows it: its number in the list
help-meter-read--corrects = Reading that this one corrects: its number in the list
help-meter-check = Check the meter; error, limit and verdict at once
help-meter-check-watt = Watt-second method: pulses and seconds at a known power
help-meter-check-reference = Energy of the meter against a reference meter
help-meter-check-pulse = Pulses of the meter against pulses of a reference meter
help-meter-check-power = Power shown by the meter against a reference: screens the wiring
help-meter-check-power--reference = Power that the reference shows, in W
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
arg-corrects = Check that this one corrects: as listed, for example c1
arg-confirm-utility = The check is right although the record is about another utility
help-meter-withdraw = Take back one of your readings or checks; it stays readable
help-meter-withdraw--entry = As listed: 1 is a reading, c1 a check
help-gas = Gas tests
help-gas-leak = Leak check of joints with soap or a detector
help-gas-leak--joint = Joint and what was found, for example "cooker valve=ok" or "cooker valve=leak"; may be repeated
help-gas-leak--method = soap or detector; soap if not given
help-gas-pressure = Pressure test of new indoor pipework
help-gas-pressure--start = Pressure at the start in kPa
help-gas-pressure--stop = Pressure at the end in kPa
help-gas-pressure--minutes = Minutes between them
help-gas-tightness = Tightness test by installation volume (IGEM/UP/1B)
help-gas-tightness--run = The test: mbar at the start, at the end, minutes
help-gas-tightness--let-by = The let-by test, in the same form
help-gas-tightness--pipework-run = The test of the pipework alone, in the same form
help-gas-tightness--pipe = Pipe: diameter in mm and length in m, for example 20.2x8; may be repeated
help-gas-tightness--meter-volume = Volume of the meter in m³
help-gas-tightness--lpg = LPG instead of natural gas
help-gas-tightness--water-gauge = Water gauge instead of an electronic one
help-gas-tightness--appliances = Appliances were connected
help-gas-volume = Error of the gas meter against a reference
help-gas-volume--point = m³ of the meter, m³ of the reference, seconds, for example 0.102/0.100/180; may be repeated
help-gas-volume--q-min = Smallest flow on the nameplate in m³/h
help-gas-volume--q-max = Largest flow on the nameplate in m³/h
help-gas-volume--q-t = Transitional flow in m³/h; a tenth of the largest if not given
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
help-photo-add--at = Where it was taken, as you know it: latitude,longitude in degrees (WGS-84)
help-photo-list = List photos
help-photo-unavailable = Declare that a photo is lost for good
help-photo-unavailable--photo = Photo: its number in the list
help-customer = What the customer states and signs
help-customer-statement = Record a statement
help-customer-statement--file = Text file with the statement
help-customer-statement--from = Who states it
help-customer-sign = Record the customer's signature
help-customer-sign--image = Image of the signature (PNG or JPEG)
help-customer-contact = Correct the customer's name, phone or address; a reviewer looks at it
help-customer-contact--name = The customer's name
help-customer-contact--phone = The customer's phone
help-customer-contact--address = Where the complaint is about
help-customer-refuse = Record that the customer will not sign
help-promise = Promises made to the customer
help-promise-add = Record a promise
help-promise-add--what = What was promised
help-promise-add--due = Until when: YYYY-MM-DD, YYYY-MM-DDTHH:MM, tomorrow, +3d, +2h
help-promise-add--article = Article that it rests on, such as K-0007; none for none
help-promise-list = List promises
help-complaint = Complaints met in the field
help-complaint-new = Open a complaint: a number for the customer at once, its visit starts
help-complaint-new--summary = What the customer says
help-complaint-new--address = Where
help-complaint-new--utility = What it is about
help-complaint-new--category = Category code
help-complaint-new--customer = Name of the customer
help-complaint-new--phone = Phone of the customer
help-complaint-new--confidential = The customer must not be named to those who are sent
help-complaint-new--checklist = Checklist for the visit
help-complaint-new--meter = Number of the meter that it is about
help-complaint-new--no-visit = Report it only; you do not investigate now
help-grumble = File what somebody grumbled about, in ten seconds
help-grumble--category = Category code
help-grumble--place = Where it was heard
help-expert = Ask experts, and read what they answered
help-expert-ask = Ask an expert about the complaint of a visit; the answer comes with a sync
help-expert-ask--skill = Who is to answer: the code or name of a discipline
help-expert-ask--question = What you want to know
help-expert-list = List questions with their answers
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
help-know = Articles of the office, read and searched without a network
help-know--text = Words to look for, or the number of an article such as K-0007
help-know--unread = Only those that are new or changed since you read them
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

## Placeholders in help

value-a = A
value-action = ACTION
value-address = ADDRESS
value-caption = CAPTION
value-category = CATEGORY
value-check = CHECK
value-cause = CAUSE
value-checklist = CHECKLIST
value-class = CLASS
value-code = CODE
value-constant = CONSTANT
value-date = DATE
value-delivered = DELIVERED
value-device = DEVICE
value-dir = DIR
value-due = DUE
value-entry = ENTRY
value-file = FILE
value-finding = FINDING
value-format = FORMAT
value-from = FROM
value-hazard = HAZARD
value-invitation = INVITATION
value-item = ITEM
value-keep = KEEP
value-kind = KIND
value-lang = LANG
value-language = LANGUAGE
value-lat-lon = LAT,LON
value-level = LEVEL
value-meter-ref-s = METER/REF/S
value-method = METHOD
value-minutes = MINUTES
value-mmxm = MMxM
value-name = NAME
value-number = NUMBER
value-outcome = OUTCOME
value-percent = PERCENT
value-phone = PHONE
value-photo = PHOTO
value-place = PLACE
value-place-ok-leak = PLACE=ok|leak
value-position = POSITION
value-profile = PROFILE
value-pulses = PULSES
value-question = QUESTION
value-rate = RATE
value-rating = RATING
value-reading = READING
value-reason = REASON
value-reference-constant = REFERENCE_CONSTANT
value-reference-pulses = REFERENCE_PULSES
value-register-reading = REGISTER=READING
value-responsibility = RESPONSIBILITY
value-role = ROLE
value-seconds = SECONDS
value-severity = SEVERITY
value-skill = SKILL
value-start-end-min = START/END/MIN
value-state = STATE
value-summary = SUMMARY
value-text = TEXT
value-unit = UNIT
value-utility = UTILITY
value-value = VALUE
value-verdict = VERDICT
value-visit = VISIT
value-watts = WATTS
value-what = WHAT
value-why = WHY

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
output-lost = The output could not be written to its end
output-lost-hint = Is the disk full to which it goes? What was recorded is saved all the same.
next-step = next: { $command }

## Questions

nothing-recorded = nothing was recorded
prompt-failed = the question could not be asked: { $error }
prompt-stopped = (stopped)

## Labels of questions

code-label-class = Accuracy class
code-label-constant = Meter constant, imp/kWh
code-label-end-mbar = Pressure at the end, mbar
code-label-start-mbar = Pressure at the start, mbar
code-label-installation-m3 = Volume of the installation, m³
code-label-joint = Joint (place)
code-label-joint-found = Found
code-label-meter-m3 = Volume of the meter, m³
code-label-reference-m3 = Volume of the reference, m³
code-label-end-kpa = Pressure at the end, kPa
code-label-meter-watts = Power on the meter, W
code-label-minutes = Minutes in between
code-label-primary-watts = Power on the primary side, W
code-label-pulses = Pulses counted
code-label-reference-constant = Constant of the reference, imp/kWh
code-label-reference-kwh = Energy of the reference, kWh
code-label-reference-pulses = Pulses of the reference
code-label-reference-watts = Power of the reference, W
code-label-seconds = Seconds
code-label-start-kpa = Pressure at the start, kPa
code-label-tested-kwh = Energy of the meter, kWh
code-label-watts = Power, W

## What the store refuses

store-not-enrolled = This device is not enrolled
store-not-enrolled-hint = Ask the office for an invitation, then: field enrol <link or code>
store-enrol-again = This folder was copied and used in two places: the server has two different histories of this device and takes no more of either. What you recorded stays here
store-enrol-again-hint = Tell the office who used the copy, ask for an invitation, and type in this same folder: field enrol <link or code>. What is in no record yet is then sent under the new identity; the other place does the same with an invitation of its own.
store-newer = The data of this device was written by a newer version of field
store-newer-hint = Install the newest version. Nothing was changed.
store-copied = This folder was copied: it belongs to { $place }. Recording here would break the device's log.
store-another-machine = another device, or a place that is not known any more
store-copied-hint = Use it where it belongs. If that is no more, enrol here: field enrol <link or code>. What has not arrived is then sent from here under a new identity.
store-restored = This folder was restored from a backup and is older than what this device recorded
store-restored-hint = Run field sync first: it fetches the missing part from the server.
store-unknown-visit = That visit is not on this device
store-key = The key of this device is missing or damaged: { $file }
store-doctor-hint = More: field doctor
store-disk-full = The disk is full; nothing was recorded
store-disk-full-hint = Free some space and repeat the command. Everything saved before is safe.
store-too-large = That is more than one act may hold; record it in parts
store-file = { $file }: { $error }
store-damaged = The data of this device cannot be read: { $error }

## What an edit refuses

edit-not-yours = Somebody else recorded that; only its author can change it. Record your own finding instead.
edit-unknown-entry = That entry is not in this visit
edit-unwritable = { $path } is too long
edit-failed = It could not be recorded: { $error }

## Figures that cannot be read or computed with

number-not = { $value } is not a number ({ $argument }); type digits with at most one decimal point, like 22.5
number-exponent = { $value } has an exponent ({ $argument }); write the number out
number-separator = { $value } could mean two things ({ $argument }); use a point for decimals and no grouping
number-too-long = { $value } has more than { $max } digits ({ $argument })
quantity-not-positive = { $field } must be above zero, not { $value }
quantity-negative = { $field } must not be negative, not { $value }
quantity-not-whole = { $field } must be a whole number, not { $value }
quantity-out-of-range = { $field }: that figure is out of range, please check it
ratio-swapped = { $argument } { $value } steps up; the primary figure comes first
ratio-hint = Both numbers, primary first: 200/5
date-hint = Like 2026-11-27
position-hint = Like 31.2304,121.4737 (latitude,longitude in degrees)
due-hint = Like 2026-11-27, 2026-11-27T16:00, tomorrow, +3d, +2h
due-past = { $due } is over already
joint-hint = Like --joint "inlet valve=ok" --joint "cooker valve=leak"
joint-ok = Tight
joint-leaks = Leaks
another-joint = Another joint?
another-point = Another draw?
pressure-run-hint = Figures with slashes, for example --run 20/19.5/2 (mbar/mbar/minutes), --pipe 20.2x8, --point 0.102/0.100/180
code-field-constant = The meter constant
code-field-pulses = The number of pulses
code-field-seconds = The time
code-field-watts = The power
code-field-tested-kwh = The energy of the meter
code-field-reference-kwh = The energy of the reference
code-field-start-kwh = The reading at the start
code-field-stop-kwh = The reading at the end
code-field-reference-constant = The constant of the reference
code-field-tested-constant = The meter constant
code-field-tested-pulses = The number of pulses of the meter
code-field-reference-pulses = The number of pulses of the reference
code-field-meter-watts = The power of the meter
code-field-reference-watts = The power of the reference
code-field-errors-percent = The error
code-field-current-a = The current
code-field-basic-a = The basic current on the nameplate
code-field-max-a = The largest current on the nameplate
code-field-power-factor = The power factor
code-field-ct = The ratio of the current transformer
code-field-pt = The ratio of the voltage transformer
code-field-transformers = The transformer ratio
code-field-reading = The reading
code-field-current = The reading
code-field-previous = The last reading on record
code-field-multiplier = The multiplier
code-field-tariff = The reading of a tariff
code-field-total = The total
code-field-class = The class
code-field-q-min-m3h = The smallest flow
code-field-q-max-m3h = The largest flow
code-field-q-t-m3h = The transitional flow
code-field-meter-m3 = The volume of the meter
code-field-reference-m3 = The volume of the reference
code-field-volume-m3 = The volume
code-field-start-kpa = The pressure at the start
code-field-end-kpa = The pressure at the end
code-field-start-mbar = The pressure at the start
code-field-end-mbar = The pressure at the end
code-field-minutes = The minutes
code-field-diameter-mm = The diameter of the pipe
code-field-length-m = The length of the pipe

## Which visit, which entry

no-current-visit = No visit is current: start one, or name it
visit-unknown = There is no visit { $visit } on this device
visit-unknown-hint = List: field visit list --all. New ones arrive with field sync.
visit-ambiguous = { $visit } fits several visits; type more of it, or the end of the id:
visit-not-started = { $visit } has not been started
visit-wrong-state = That is not possible: { $visit } is { $state }
item-unknown = There is no checklist item { $item }
entry-unknown = There is no entry { $entry }; the list has { $count }
entry-gone-already = It was withdrawn before: { $reason }. Nothing was written.
no-checklist = { $visit } has no checklist on this device
none-recorded = Nothing recorded
warn-visit-paused = { $visit } is paused; recorded all the same. To go on: field visit resume
warn-visit-finished = { $visit } is finished; this is recorded as an addition and the office sees it as one
warn-visit-lost = { $visit } is not yours any more. It is saved all the same; the office decides what becomes of it
warn-visit-cancelled = { $visit } was called off ({ $cancelled }). It is saved all the same; the office decides what becomes of it
warn-revoked = The office revoked this device: this is kept here and handed over as evidence, but enters no record
warn-enrol-again = This folder was copied and used in two places: this is kept here and is sent once you have enrolled again

## Saved

saved = saved{ $what }
saved-checklist = saved{ $what }   checklist { $done }/{ $total }
yes = yes
no = no

## Lists

column-number = Number
column-address = Address
column-summary = Complaint
column-due = Due
column-state = State
column-code = Code
column-text = What
column-time = Time
column-by = By
column-photo = Photo
list-empty = No visits on { $day }
list-late = { $time } (past)
list-later = Nothing is left to do on this day; the next visits are on { $day }: { $command }
list-lost = { " " }· not yours any more
list-cancelled = { " " }· called off
zone-unknown = Days and times follow this machine ({ $zone }): the server has not named its own zone yet; field sync brings it
zone-differs = Days and times are those of the utility ({ $zone }), not of this machine ({ $own })
list-earlier = { $count ->
    [one] One earlier visit is still open: field visit list --all
   *[other] { $count } earlier visits are still open: field visit list --all
}
list-conflicts = { " " }· { $count ->
    [one] 1 conflict
   *[other] { $count } conflicts
}
code-state-planned = to do
code-state-running = running
code-state-paused = paused
code-state-no-access = no access
code-state-finished = finished
code-state-rework = to redo
code-event-started = started
code-event-paused = paused
code-event-resumed = resumed
code-event-no-access = no access
code-event-finished = finished

## Visits

visit-started = { $visit } "{ $summary }" started { $time }. It is now @.
visit-started-at = { $visit } "{ $summary }" started { $time }, { $distance } from the address. It is now @.
visit-is-current = { $visit } is running already; it is now @
visit-still-running = { $visit } is still running; to pause it: field visit pause --visit { $visit }
visit-checklist = checklist: { $title } ({ $done }/{ $total })
visit-due = due { $due }
visit-paused = { $visit } paused
visit-resumed = { $visit } goes on
visit-no-access = { $visit }: no access, { $reason }. Nothing else is needed for this visit.
visit-finished = { $visit } finished { $time }: { $outcome }
visit-already-finished = { $visit } is finished already
warn-far-from-address = That is { $distance } from the address
clock-ahead = The clock of this device is { $by } ahead: it says { $says }, right is { $right }. Set it; times recorded until then are doubted
clock-behind = The clock of this device is { $by } behind: it says { $says }, right is { $right }. Set it; times recorded until then are doubted
ask-no-access = Why was there no access?
ask-verdict = Is the complaint justified?
ask-outcome = What came of the visit?
ask-reason = Why?
finish-open = Not finished: { $open } of { $total } checks { $open ->
    [one] is
   *[other] are
} open
finish-notice-missing = Not finished: a danger has to be notified in writing first
finish-notice = · no written notice of "{ $hazard }"    { $command }
finish-skip = Or record why not: { $command }

## What a visit shows

show-class = class { $class }
show-confidential = ! Confidential: the customer asked not to be named. Ask nobody who complained, and name nobody.
show-meter = meter { $meter }
show-aliases = also called { $aliases }
show-rework = To redo: { $reason }
show-lost = ! Not yours any more: what was recorded before has been taken in, what is recorded now is put aside for the office. What you recorded: { $command }
show-cancelled = ! Called off ({ $cancelled }): what was recorded before has been taken in, what is recorded now is put aside for the office. What you recorded: { $command }
visit-gone = { $visit } is not yours any more, and its data is no longer on this device
visit-gone-cancelled = { $visit } was called off ({ $cancelled }), and its data is no longer on this device
cancelled-by = by { $by }, { $at }
cancelled-because = by { $by }, { $at }: { $reason }
visit-gone-hint = What you recorded on it: { $command }
show-proposed = { $field }: { $value }
show-edited = { " " }· changed { $at } by { $who }
show-withdrawn = { " " }· withdrawn: { $reason }
show-corrected = { " " }· corrected later
show-conflict = { $value } (other values exist)
show-conflicts = { $count ->
    [one] One value differs between people; the office decides
   *[other] { $count } values differ between people; the office decides
}
show-statement = statement: { $from }
show-signed = signed
show-refused = would not sign: { $reason }
show-promise = { $what }, until { $due }
title-findings = Findings
title-measured = Meter and tests
title-hazards = Dangers and notices
title-progress = Course of the visit
title-photos = Photos
title-customer = Customer
title-proposal = Proposed to the office
title-decisions = Decided by the office
decision-value = { $place }: { $value }, decided by the office: { $reason }
decision-both = { $place }: both values stand, decided by the office: { $reason }

## Checklist

answer-given = { $item }: { $value }
answer-changed = { $item }: { $value } (before: { $before })
answer-cleared = { $item }: cleared
answer-by-evidence = "{ $item }" is answered by recording it
warn-implausible = { $value } is unusual: expected { $range }. Recorded all the same; please check.

## Findings

ask-grumble = What did you hear?
ask-finding = What did you find?
finding-number = finding { $number }
finding-reworded = reworded
finding-withdrawn = withdrawn; it stays readable

ask-conduct = What is it about?
ask-restricted = What happened?
restricted-sealed = sealed and saved; the inspectors get it with the next sync
restricted-sealed-hint = Nobody can read it on this device any more, not even you. It stays out of the record of the visit.
restricted-no-key = There is no key yet to seal this with
restricted-no-key-hint = Sync once while there is a network, then report it. Nothing was recorded.
undo-restricted-hint = It is sealed, and only inspectors can set it aside. Report again what was wrong about it.
code-conduct-solicitation = Money, gifts or treats
code-conduct-obstruction = Obstruction of a customer
code-conduct-falsification = Made-up or changed records
code-conduct-abuse = Threats, insults or revenge
code-conduct-other = Other conduct

## Meter

ask-reading = Reading of the total register, as displayed
ask-rollover = Did the register pass its end?
reading-below-last = { $value } is below the last reading { $last }: a slip, an exchanged meter, or the register passed its end (then { $used } was used)
reading-below-last-hint = Check the digits. If they are right: --confirm-below, and the last reading on record is wrong, or --confirm-rollover when the register passed its end. Another meter: --meter <number>.
ask-below-last = Are the digits right, and the last reading on record wrong?
warn-below-last = { $value } is below the last reading on record, { $last }: one of them is wrong, the office sees both
reading-one-correction = A correction names one reading; give one --register
reading-used = { $used } used since the last reading { $last }
reading-used-since = { $used } used since { $since } ({ $last })
reading-rolled-over = The register passed its end.
warn-reading-photo = A reading from the customer needs a photo: field photo add <file> --tag display, then --photo
warn-register-unknown = { $register } is no register of this program: { $known }. Recorded all the same; to correct it: field meter withdraw
warn-register-shape = { $value } does not fit the register on record ({ $shape } digits)
warn-register-sum = The tariffs add up to { $sum }, the total shows { $total }
warn-above-connection = The connection can carry { $ceiling } kWh at most since then; please check the reading
warn-other-meter = This is meter { $found }; on record is { $booked }
other-utility = { $visit } is on record as { $utility }, but this is { $check }
other-utility-fitting = What fits the record: { $command }
other-utility-hint = If the record is wrong, or there is such a meter as well: add { $option }. The office sees both.
other-utility-meter = Number, class and constant of the meter on record are left aside; to name the meter: --meter
ask-other-utility = Record it all the same?
code-check-of-power = a check of an electricity meter
code-check-of-gas = a gas test
code-register-total = total
code-register-sharp = sharp
code-register-peak = peak
code-register-flat = flat
code-register-valley = valley
ask-seal-position = Where does the seal sit?
ask-seal-state = How did you find it?
ask-seal-fitted = Number of the new seal
seal-line = seal { $position }: { $state }
seal-fitted = { " " }· fitted { $number }
warn-seal-number = No seal number recorded: --no
code-method-watt-second = Watt-second method
code-method-reference-energy = Reference energy
code-method-register-run = Register run
code-method-pulse-comparison = Pulse comparison
code-method-power-comparison = Power comparison
code-method-readings = Mean of readings
check-seconds = expected { $expected } s · measured { $measured } s
check-pulses = expected { $expected } pulses · counted { $measured }
check-multiplier = { " " }· multiplier { $multiplier }, { $watts } W at the meter
check-spread = spread { $spread } %
check-rounded = error { $error } % (unrounded { $unrounded } %)
check-unrounded = error { $error } %
check-line = { $error }, limit { $limit }: { $verdict }
check-line-no-limit = { $error }: { $verdict }
check-saved = check { $check }
warn-check-implausible = So large an error is nearly always a slip: check constant, count, time and power. Recorded all the same
check-mean = mean of { $runs } runs: { $line }; spread { $spread } %
check-unreadable = { $method }: recorded by another version, its result cannot be computed here
check-stop-below-start = The register went from { $start } down to { $stop }; check the figures
check-run-count = A mean needs 2 to { $max } errors, not { $found }
check-mixed-classes = The runs are of classes { $first } and { $other }
verdict-pass = within the limit
verdict-fail = over the limit
verdict-screening = a screening, no verdict
verdict-screening-within = within the limit, as a screening
verdict-screening-outside = outside the limit, as a screening: have the meter tested
verdict-unsuitable-load = load unsuitable, no verdict
verdict-no-limit = no limit known, no verdict
verdict-incomplete = test incomplete, no verdict
reason-stopwatch-short = Timed by hand for { $seconds } s; { $needed } s are needed for a verdict. Count more pulses.
reason-stopwatch-class = Meters of this class are not judged by stopwatch
reason-screens-wiring = Comparing power finds wiring errors; it does not test accuracy
reason-expired = The calibration of the reference ended on { $date }
reason-reference-class = The reference (class { $class }) is not two classes better than the meter
reason-current-small = Current too small: { $found } of the basic current, { $needed } needed
reason-current-max = The current is above the largest on the nameplate
reason-power-factor = Power factor too small: at least { $needed }
reason-class-not-covered = This profile has no limit for the class
reason-load-not-covered = This profile has no limit at this load
reason-load-not-recorded = Load not recorded (--current, --power-factor): whether it was large enough is not checked
reason-inductive = Power factor taken as lagging
reason-not-verified = These limits are recalled; their source has not been read. Confirm before deciding by them.

## Gas and dangers

gas-nothing-measured = Nothing was measured: give at least one point or joint
gas-point = { $flow } m³/h: error { $error } %, limit { $limit }
gas-drop = drop { $drop } mbar, limit { $limit } mbar
gas-volume = installation { $volume } m³, purge { $purge } m³
gas-reason-flow = A flow is outside of the range of the meter
gas-reason-one-sign = All errors have one sign; then the limit is { $limit } %
gas-reason-dropped = The pressure dropped
gas-reason-rose = The pressure rose: test again once it is steady
gas-reason-too-low = Pressure too low for the test: { $needed } needed
gas-reason-short = Too short: { $needed } min needed
gas-reason-let-by-missing = The let-by test is missing: --let-by
gas-reason-let-by-pressure = The let-by test needs { $lowest } to { $highest } mbar
gas-reason-lets-by = The valve lets by
gas-reason-pipework-missing = Test the pipework alone as well: --pipework-run
gas-reason-pipework-dropped = The pressure of the pipework alone dropped
gas-reason-volume = The installation is larger than the rule covers
gas-reason-joints = Leak at: { $places }
code-gas-test-meter-error = Gas meter test
code-gas-test-uk-tightness = Tightness test
code-gas-test-cn-pressure = Pressure test
code-gas-test-leak-check = Leak check
code-leak-method-soap = soap
code-leak-method-detector = detector
ask-hazard = Which danger?
hazard-too-low = "{ $hazard }" is { $level }; only a reviewer lowers a level
warn-urgent = Immediate danger: stop the supply on site, notify in writing, call the emergency service
ask-notice-number = Number printed on the notice
ask-notice-delivered = How did it reach the customer?
notice-line = notice { $number } · { $delivered }
notice-left = { $count ->
    [one] One danger still needs a written notice
   *[other] { $count } dangers still need a written notice
}
warn-notice-photo = A photo of the notice is missing: field photo add <file> --tag notice

## Photos

ask-photo-role = What does it show?
ask-photo-old = Keep it?
photo-count = { $count ->
    [one] 1 photo
   *[other] { $count } photos
}
photo-left-out = { $count ->
    [one] 1 file was left out; the others are recorded
   *[other] { $count } files were left out; the others are recorded
}
photo-taken = taken { $time }
photo-already = { $file } is here already: photo { $number }
photo-is-here = That photo is on this device, whole; it cannot be declared lost
photo-again = { $file } is whole again: photo { $number } waits to be sent
photo-waiting = waiting
photo-partly = { $percent } % on the server
photo-arrived = on the server
code-photo-refusal-upload-hash-differs = the copy on this device is damaged; add the photo again: field photo add <file>
code-photo-refusal-upload-claim-differs = it is not the photo that was recorded; add the photo again: field photo add <file>
code-photo-refusal-upload-too-large = it is larger than the server takes
photo-refused = refused: { $reason }
photo-unavailable = declared lost
photo-declared = declared as lost; the office does not wait for it any more
photo-not-here = That photo was taken with another device
photo-has-arrived = That photo is on the server already
photo-old-hint = To keep it all the same: --allow-old
not-a-photo = { $file } is no photo: its content is { $found }
not-a-photo-hint = JPEG, PNG, WebP and HEIC are taken, whatever the name says.
file-empty = empty
warn-photo-old = Taken { $before } before this visit started
warn-photo-future = The camera says { $by } from now: its clock is wrong. Kept; the office sees both times.
warn-photo-far = The camera says { $distance } from the address
warn-photo-elsewhere = The same photo was recorded on { $visit }

## Customer

ask-statement = What does the customer state?
statement-saved = statement ({ $from }), hash { $hash }…
statement-size = A statement has 1 byte to { $max } kB of text
signed-statement = signed { $time }, hash { $hash }… covers the statement
signed-visit = signed { $time }, hash { $hash }… covers the whole visit
ask-promise = What was promised?
ask-due = Until when?

## Complaints

ask-summary = What does the customer say?
ask-address = Where?
ask-utility = What is it about?
ask-category = Category?
code-utility-power = Power
code-utility-gas = Gas
code-utility-telecom = Telecom
code-utility-water = Water
complaint-opened = Number for the customer: { $number }. The visit has started and is now @.
complaint-number-hint = It stays valid after the office gives the complaint its own number.
complaint-reported = Number for the customer: { $number }. Saved; the office gets it with the next sync.
grumble-saved = saved; the office gets it with the next sync

## Search

search-empty = Type what to look for
search-nothing = Nothing found for { $query }
code-place-assignment = complaint
code-place-checklist = checklist
code-place-answers = answer
code-place-findings = finding
code-place-readings = reading
code-place-seals = seal
code-place-photos = photo
code-place-promises = promise
code-place-hazards = danger
code-place-notices = notice
code-place-note = note
code-place-cause-text = cause

gas-reason-flow-unknown = The limit depends on the flow: add the seconds of each draw and the flows of the nameplate
gas-volume-missing = The allowed drop depends on the volume: give --volume, or --pipe and --meter-volume
help-gas-tightness--volume = Volume of the installation in m³; follows from pipes and meter if not given

## Reaching the server

net-setup = This machine cannot make secure connections: { $error }
net-unreachable = { $server } cannot be reached ({ $reason })
net-broke = The connection to { $server } broke ({ $reason })
net-silent = { $server } does not answer
net-stranger = What answers at { $server } is not the Fieldloop server
net-stranger-hint = Is this a network with a sign-in page? Sign in there, or use another network.
net-busy = The server is busy
net-refused = The server refuses this device: { $reason }
net-server-failed = The server failed: { $reason }
net-forgotten = The server does not know this device: it may have been restored from a backup that is older than the device's enrolment
net-forgotten-hint = Delete nothing. Ask the office for an invitation and type in this same folder: field enrol <link or code>. field sync then sends again what the server has lost, photos too.
net-revoked = The office revoked this device
net-revoked-hint = What you recorded is kept here and was handed over for examination. Ask the office for a new invitation.
net-other-server = Another server answers at this address than the one this device is enrolled with
net-unreadable = The answer of the server cannot be read
net-stuck = The server answers, but nothing gets further
contact-nothing = Say what is to be corrected: --name, --phone or --address
contact-phone = A phone number has 7 digits or more
contact-asked = The correction is sent with the next sync
contact-reviewed = The earlier value stays on record, and a reviewer looks at the change.
net-suspended = The office suspended this device
net-no-technician = You have lost the role technician: the server takes nothing from this device
net-no-technician-hint = Nothing is lost. Ask the office; once you have the role again, field sync sends everything.
net-suspended-hint = Go on recording. Ask the office; once it has resumed this device, field sync sends everything.
net-wiped = Everything on this device was deleted, as the office ordered; what nobody had seen was handed over first
net-wiped-unreported = The office does not know yet: run field sync where there is a connection.
net-wiped-hint = To work with this device again, ask the office for an invitation, then: field enrol <link or code>
net-wipe-waits = The office ordered that everything on this device is deleted, but has not taken all that you recorded
net-wipe-waits-hint = Nothing was deleted. Tell the office, and run field sync again.
net-running = Another field sync is running on this device
net-safe = Everything you recorded is safe on this device.
net-disk-full = The disk is full; what the server has for you could not be kept
net-not-kept = The disk is full: the server took what this device sent, but its answer could not be kept here
net-disk-full-hint = Free some space; the next field sync goes on from here.
net-again = The next field sync tries again; nothing has to be redone.

## Enrolling

enrol-ask-server = Address of the server
enrol-cut = The link is cut off: the part after # is missing
enrol-cut-hint = Copy the whole link, or type the short code with --server
enrol-confirm = This device is { $device } already. Enrol it anew? What you recorded is kept.
enrol-already = This device is { $device } already
enrol-already-hint = A second device needs another folder: FIELD_HOME=<folder> field enrol …
enrol-done = Enrolled: { $device } of { $person } at { $server }
enrol-key = Key { $fingerprint } stays on this device. If you lose it, ask the office to revoke it.
enrol-other-person = The invitation is for somebody else, and this folder holds { $acts } acts of { $person } that are in no record yet. Nothing was changed here
enrol-other-person-hint = The invitation is still good: use it in a folder of its own, FIELD_HOME=<folder> field enrol <link>. The acts here go on when { $person } enrols again in this folder.
enrol-carried = { $count ->
    [one] 1 act that had not arrived is sent under the new identity
   *[other] { $count } acts that had not arrived are sent under the new identity
}

## Syncing

sync-sent = ↑ records { $count }   { $bytes }   { $seconds } s
sync-fetched = ↓ new visits { $visits } · pack items { $items }   { $bytes }
sync-others = { $count ->
    [one] ↓ 1 change by { $person } on { $visit }
   *[other] ↓ { $count } changes by { $person } on { $visit }
}
sync-visit-lost = { $visit } is not yours any more; what you recorded on it arrives all the same
sync-visit-cancelled = { $visit } was called off ({ $cancelled }); what you recorded on it arrives all the same
sync-new-epoch = The server was restored from a backup (history { $epoch }); this device gives back what it lacks
sync-restored = { $count ->
    [one] The server was restored from a backup and lacks 1 act that it had; it is sent again
   *[other] The server was restored from a backup and lacks { $count } acts that it had; they are sent again
}
sync-given-back = { $count ->
    [one] Gave the server back 1 act of a colleague that it had lost
   *[other] Gave the server back { $count } acts of colleagues that it had lost
}
sync-quarantined = { $count ->
    [one] The server put an act on { $visit } aside ({ $reason }); the office decides about it
   *[other] The server put { $count } acts on { $visit } aside ({ $reason }); the office decides about them
}
sync-held-back = The office has too many refused acts of this device to decide: { $acts } acts stay here and are sent once it has
sync-reissued = { $count ->
    [one] 1 later act was written anew without it
   *[other] { $count } later acts were written anew without it
}
sync-command-refused = { $count ->
    [one] The server refused a request ({ $what }): { $reason }
   *[other] The server refused { $count } requests ({ $what }): { $reason }
}
sync-complaint-refused = What you record on this visit arrives all the same. The office finds it under field work without a complaint and links it; the number that the customer has is kept with it.
sync-command-done = The office has it ({ $what }): { $reference }
sync-rework = { $visit } came back from the office: { $reason }
sync-receipt = { $visit }   the server has everything up to { $at }
sync-receipt-photos = { $visit }   the server has everything up to { $at }, { $arrived } of { $named } photos
sync-photo = ↑ photo { $number }/{ $total }  { $file }   { $size }
sync-photo-refused = The server does not take { $file }: { $reason }
sync-photo-lost = The copy of { $file } on this device cannot be read
sync-photos-failed = { $count ->
    [one] 1 photo did not arrive
   *[other] { $count } photos did not arrive
}
sync-kept = Kept on this device: acts { $acts }, photos { $photos }
sync-waiting = waiting for the server…
sync-acts-left = { $count ->
    [one] 1 act is not on the server yet. Run field sync again.
   *[other] { $count } acts are not on the server yet. Run field sync again.
}
sync-done = Up to date. You can work offline until you choose to sync again.
sync-conflicts = { $count ->
    [one] 1 conflict needs a person
   *[other] { $count } conflicts need a person
}
sync-stopped-early = Stopped. Everything is kept on this device.
sync-stopped = Stopped. Photos that arrived: { $arrived }; waiting: { $waiting }, they continue where they stand.
sync-stopped-at = { $file }: { $sent } of { $total } ({ $percent } %) are on the server
code-author-office = the office

## Status

status-synced = last sync { $at } ({ $ago } ago)
status-never-synced = never synced
status-outbox = Outbox     acts { $acts } ({ $bytes }) · photos { $photos } ({ $photobytes })
status-outbox-empty = Everything recorded here has arrived
status-outbox-rest = Nothing waits to be sent; what is set aside is named below
status-visits = Visits     finished { $finished } · running { $running } · to do { $planned }
status-conflicts = Conflicts  { $count }: field conflicts
status-settled = { $count ->
    [one] Settled in the field, the office decides: 1 conflict (field conflicts)
   *[other] Settled in the field, the office decides: { $count } conflicts (field conflicts)
}
status-quarantined = Put aside by the server: { $count }. The office decides: field outbox
status-escrowed = Set aside by the server, in no record: { $count }: field outbox
status-photos-refused = Photos that the server refused: { $count }: field outbox
status-photos-lost = Photos whose copy here cannot be read: { $count }. Add the file again, or declare them: field photo unavailable
status-clock-ok = Clock ok
status-clock-set = Clock was set; the next sync compares it
status-clock-unknown = Clock not compared yet
status-disk = Disk { $free } free
ready-yes = Ready for offline: yes
ready-no = Ready for offline: no, missing: { $missing }
ready-restored = this folder was restored from a backup; a sync fetches what it lacks
ready-copied = this folder was copied from elsewhere; nothing can be recorded in it
ready-enrol-again = a new invitation (this folder was copied and used in two places)
ready-never-synced = the first sync
ready-old = a fresh sync (the last one was { $ago } ago)
ready-checklist = the checklist { $checklist } of { $visit }
ready-disk = room on the disk ({ $free } free)
ready-key = the key of this device; nothing can be recorded without it
ready-forgotten = a new invitation, the server does not know this device any more
ready-revoked = a new invitation (the office revoked this device)
ready-clock-ahead = the right time (the clock is { $by } ahead)
ready-clock-behind = the right time (the clock is { $by } behind)

## Outbox, conflicts, log, undo

outbox-photo = photo { $file } ({ $size })
outbox-signature = signature { $file } ({ $size })
outbox-paused = Nothing is sent until you type: field outbox retry
outbox-retry = The next sync sends again; refused photos: { $count }
conflicts-none = No conflicts
conflict-unknown = There is no conflict { $number }
conflict-safe = Nothing is lost; the office sees every value. You may say which one is right:
conflict-unwritable = That value can only be chosen by the office; add a note with --keep both --why
conflict-chosen = saved   { $value }; the office decides with your word
undo-nothing = There is nothing to undo
undo-request = The last act was a request to the office: { $what }, { $time }. It cannot be taken back here
undo-request-hint = Nothing was changed. Tell the office if it was a mistake; acts before it are corrected where they were recorded, for example: field finding withdraw
undo-progress-hint = Nothing was changed. Go on recording all the same: field visit start after a visit in vain, field visit finish again when you are done
undo-reason = undone
act-withdrawn = { $what } withdrawn
act-reworded = { $what } reworded
undo-done = taken back: { $what } on { $visit }
undo-withdrawal = A withdrawal stays: what was withdrawn cannot be brought back
undo-withdrawal-hint = Record it again if it was right after all. Nothing was changed.
undo-written-since = All of it was written again since; nothing was changed
undo-left = Left as it is, since it was written again: { $path }
code-envelope-unsent = only here
code-envelope-stored = arrived, not judged yet
code-envelope-merged = arrived
code-envelope-merged-late = arrived late
code-envelope-quarantined = put aside
code-envelope-escrowed = set aside
code-envelope-lost = written anew
code-envelope-undone = taken back
code-envelope-refused = refused
code-blob-waiting = waiting
code-blob-refused = refused
code-blob-unavailable = lost
code-act-visit-begin = began to write
code-act-change = recorded
code-act-command = request
code-act-restricted = confidential finding
code-act-reissue = written anew
code-act-chain-restart = went on after a local loss
code-place-seal-states = seal state
code-place-proposal = proposal
code-place-meter-checks = meter check
code-place-gas-tests = gas test
code-place-statements = statement
code-place-signatures = signature
code-place-progress = visit
code-place-resolutions = decision of the office
code-place-hazard-lowered = danger lowered
code-request-accept-work-order = accept the work order
code-request-decline-work-order = decline the work order
code-request-arrive = arrived
code-request-no-access = no access
code-request-finish = finish the visit
code-request-open-complaint = open a complaint
code-request-grumble = grumble
code-request-promise = promise
code-request-correct-contact = contact data
code-request-photo-unavailable = photo lost
code-quarantine-malformed = it cannot be read
code-quarantine-too-large = too large
code-quarantine-wrong-actor = signed as somebody else
code-quarantine-not-author = somebody else's entry
code-quarantine-office-only = only the office may
code-quarantine-forbidden-path = not part of a visit
code-quarantine-forbidden-operation = not allowed
code-quarantine-forbidden-value = a value that is not allowed
code-quarantine-photos-differ = photos that were not announced
code-quarantine-depends-on-lost = what it builds on was lost when the server was restored; it is written anew here
code-quarantine-depends-on-refused = builds on an act that was put aside
code-quarantine-document-full = the visit is full
code-quarantine-wrong-sequence = out of order
code-quarantine-bad-counter = its counters do not follow one another
code-quarantine-unknown-actor = from an unknown source
code-quarantine-unknown-object = changes something unknown
code-quarantine-bad-predecessor = builds on something that is not there
code-quarantine-entry-taken = that entry exists already
code-quarantine-entry-incomplete = an entry lacks fields
code-quarantine-birth-differs = the visit begins differently
code-quarantine-trial-failed = it could not be merged
code-quarantine-out-of-scope = the visit was not yours any more
code-quarantine-person-not-on-device = this device belongs to somebody else
code-quarantine-unreadable-body = it cannot be read
code-quarantine-no-visit = it names no visit
code-refusal-unknown-request = the server is older than this program
code-refusal-failed = the server could not do it; the office sees it
code-refusal-not-supported = the server does not take such requests
code-refusal-address-missing = the address is missing
code-refusal-category-unknown = the server does not know the category
code-refusal-complaint-closed = the complaint is closed
code-refusal-complaint-taken = the server has that complaint already
code-refusal-complaint-unknown = the visit has no complaint yet
code-refusal-contact-invalid = the contact data cannot be taken as they stand
code-refusal-field-invalid = something was filled in that cannot be taken
code-refusal-not-assigned = you were never sent there
code-refusal-number-taken = the provisional number is taken already
code-refusal-reason-missing = the reason is missing
code-refusal-reassigned = it went to somebody else meanwhile
code-refusal-refused = the office cannot open it as it stands; it is kept there
code-refusal-state = the office is past that step; it sees the request
code-refusal-summary-missing = the words of the customer are missing
code-refusal-text-missing = the words are missing
code-refusal-utility-unknown = the server does not know the utility
code-refusal-visit-approved = the office has approved the visit already
code-refusal-visit-begun = the visit has begun already
code-refusal-visit-cancelled = the office cancelled the visit
code-refusal-visit-state = the visit is past that step
code-refusal-visit-taken = the visit belongs to another complaint
code-refusal-visit-unknown = the office does not know the visit
code-refusal-work-order-unknown = the office does not know the work order

## Doctor, export

doctor-place-ok = The folder is where it belongs
doctor-damaged-hint = Delete nothing: keep this folder and tell the office. What field sync sent before is safe on the server. To go on working, ask for an invitation and use another folder: FIELD_HOME=<folder> field enrol <link>
doctor-key-ok = The key can be used
doctor-database-ok = The database is sound
doctor-chain-ok = Acts { $count }: readable, signed, in order
doctor-chain-broken = Act { $sequence } cannot be read; the next sync says so and sends its content anew
doctor-documents-ok = Visits { $count }: readable
doctor-documents-damaged = Visits that cannot be read: { $count }
doctor-photos-ok = Photos that have not arrived { $count }: whole
doctor-photos-lost = Photos whose copy here is missing or damaged: { $count } ({ $files }). Add the good file again (field photo add <file>), or declare them lost: field photo unavailable
doctor-server-ok = { $server } answers
doctor-server-away = { $server } does not answer now; you can work without it
doctor-disk-low = : below { $needed } photos may find no room; free some space
export-done = wrote { $file } ({ $size })
placeholder-file = <file>
placeholder-place = <place>
placeholder-number = <number>
placeholder-invitation = <invitation>
result-line = { $method }: { $line }
file-missing = there is no such file or folder
file-forbidden = this may not be read or written
file-no-file = that is no file
file-disk-full = the disk is full
file-read-only = the disk can only be read
file-no-folder = a part of the path is no folder
file-no-text = that is no text in UTF-8
file-other = the system says "{ $error }"
text-too-long = { $argument } has { $found } characters; at most { $max } are taken
file-unknown = something else
photo-taken-now = taken { $time } (device clock agrees)
duration-years = { $years } years
gas-verdict-pass = passed
gas-verdict-fail = failed
prompt-keys = ↑↓ move · enter choose · type to filter · esc stop
prompt-yes-or-no = Answer y or n

## Places, values, obstacles

conflict-both = both
conflict-recorded = recorded { $claimed }
conflict-received = at the server { $at }
conflict-received-here = received here { $at }
conflict-time-unknown = when is not known here; the office sees it
conflict-photo = photo { $number }: { $what }
conflict-settled = settled in the field by { $by }; the office decides
conflict-taken-back = settled in the field by { $by }; the office took its decision back and decides anew: { $reason }
log-begins = What is listed begins when this device was enrolled, { $at }. What was recorded earlier or on another device is at the server; what stands of it: field visit show <number>
log-newest = These are the newest { $count } acts. Those of one visit: field log <number>
code-author-unknown = someone this device was never told of
code-part-verdict = verdict
code-part-cause = cause
code-part-responsibility = responsibility
code-part-outcome = outcome
code-part-code = code
code-part-text = text
code-part-severity = severity
obstacle-no-network = no network
obstacle-name-unknown = its name cannot be looked up; mostly there is no network
obstacle-nothing-listens = nothing listens there
obstacle-timed-out = no answer in time
obstacle-cut = it ended early
obstacle-unencrypted = it answers without encryption; if that is meant, begin its address with http://
obstacle-certificate = the certificate is not trusted: { $error }
enrol-code-hint = A short code does not say where the server is: field enrol <code> --server <address>. Or use the whole link.
enrol-again-hint = Enrolling needs the network once. Try again while the invitation is good.

## Previews

sync-previews = ↑ previews { $count }   { $bytes }; the office sees the photos now
photo-previewed = preview sent, original waiting
warn-photo-damaged = This photo cannot be shown to its end: the file is damaged. It is kept; better take it again.
warn-photo-large = { $width } × { $height } pixels: nobody will be able to show this picture. It is kept; better take a smaller one.

## Manual

code-man-name = NAME
code-man-synopsis = SYNOPSIS
code-man-description = DESCRIPTION
code-man-version = VERSION
code-man-exit = EXIT STATUS
code-man-variable = ENVIRONMENT
code-exit-0 = Done.
code-exit-1 = Not done; the message says why. What was saved before stays.
code-exit-2 = The command line was wrong or lacks something; nothing was recorded.
code-exit-3 = Done in part: of several photos one could not be taken, or acts arrived and photos did not. Run it again: it goes on from there and records nothing twice.
code-exit-4 = This device is not enrolled, or the server refuses it.
code-exit-5 = The server cannot be reached; everything is safe on this device.
code-exit-6 = Done, and there are conflicts that need a person.
code-exit-130 = Stopped by Ctrl-C; everything that was saved stays.
code-variable-field-lang = Language: en or zh-CN.
code-variable-field-home = Folder of this device.
code-variable-no-color = If set, nothing is coloured.

## Knowledge

know-none = This device carries no article
know-none-unread = You have read everything that this device carries
know-version = version { $version }
know-from = valid from { $from }
know-from-to = valid { $from } to { $to }
know-public = customers may read it
know-what-changed = New: { $changes }
know-changed-today = { $count ->
    [one] { $count } article was changed since you read it: field know --unread
   *[other] { $count } articles were changed since you read them: field know --unread
}
know-new-today = { $count ->
    [one] { $count } article you have not read: field know --unread
   *[other] { $count } articles you have not read: field know --unread
}
code-know-new = not read
code-know-changed = changed since you read it
code-article-kind-article = article
code-article-kind-faq = frequent question
code-article-kind-wording = agreed wording
code-article-kind-case = case
code-place-article = article
column-title = Title
column-kind = Kind
column-news = News
promise-rests-on = rests on { $number }, version { $version }
promise-rests-on-none = on no article
promise-article-changed = { $number } has changed since version { $version }: tell the customer what counts now
promise-article-gone = its article does not count any more: tell the customer what counts now
ask-article = Which article does it rest on?
article-hint = Numbers of articles: field know
value-article = ARTICLE

## Experts

ask-skill = Which skill is to answer?
ask-question = What do you want to know?
expert-asked = the expert is asked with the next sync
expert-due-hint = The answer is due 30 minutes after the office receives the question, or as its rules say. It comes with a later sync: field expert list
expert-none = No expert was asked about what is on this device
expert-due = due { $due }
expert-overdue = overdue since { $due }
expert-answer = Answer: { $answer }  ({ $who }, { $at })
expert-answered = An expert answered about { $visit }: field expert list
title-experts = Expert seats
code-expert-open = open
code-expert-taken = taken by an expert
code-expert-answered = answered
code-expert-withdrawn = withdrawn
code-expert-waiting = not sent yet
code-expert-done = received by the office
code-expert-refused = refused
code-request-ask-expert = question to an expert
code-refusal-skill-unknown = the server does not know the skill; see what field expert ask offers after a sync
code-refusal-question-invalid = the question is empty or too long
help-events = Planned events of the region with the wording for customers, without a network
events-none = Nothing is planned where you work.
events-span = { $from } to { $to }
events-running = running
events-say = Say: { $wording }
events-contact = Who knows more: { $contact }
events-not-announced = Customers were not told so far.
title-events = Planned here
code-planned-kind-outage = Outage
code-planned-kind-gas-stop = Gas stop
code-planned-kind-cut-over = Cut-over of a network
code-planned-kind-tariff = Change of tariff
code-planned-kind-meter-replacement = Replacement of meters
code-planned-kind-other = Other
