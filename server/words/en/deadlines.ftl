clock-title = Limits
clock-stands = The clock stands
clock-provisional = Provisional: the calendar does not reach so far yet. A holiday may move a date; it is counted anew as soon as the calendar is published.
clock-contact = Contact within
clock-onsite = On site within
clock-answer = Answer within
clock-rule = Rule { $a } of version { $b } of the limits
clock-pause = Stop the clock
clock-pause-hint = Only while nothing can be done here. The dates move by the time it stands.
clock-pause-now = Stop the clock now
clock-resume = Let the clock run again
clock-reason = Reason
clock-note = What happened
clock-since = since { $a }
clock-from-to = { $a } to { $b }
clock-reason-customer-unreachable = The customer cannot be reached
clock-reason-customer-asked-later = The customer asked for a later date
clock-reason-outside-dependency = Somebody outside must act first
said-clock-paused = The clock stands. Let it run again as soon as work can go on.
said-clock-resumed = The clock runs again; the dates have moved by the time it stood.
limit-minute = { $n ->
    [one] { $n } minute
   *[other] { $n } minutes
}
limit-hour = { $n ->
    [one] { $n } hour
   *[other] { $n } hours
}
limit-calendar-day = { $n ->
    [one] { $n } calendar day
   *[other] { $n } calendar days
}
limit-working-day = { $n ->
    [one] { $n } working day
   *[other] { $n } working days
}
nav-deadlines = Limits
deadlines-rules = Rules
deadlines-rules-hint = The first rule that fits a complaint sets its dates. What somebody types into a complaint is a promise and is moved by no rule.
deadlines-version = { $a }, from { $b }
deadlines-version-first = { $a }, which came with the server
deadlines-holds = In force: version { $a }
deadlines-coming = Published, not in force yet: version { $a }
deadlines-fits = Fits
deadlines-everything-else = Everything else
deadlines-open-complaints = Open complaints
deadlines-source = Where it comes from
deadlines-change-rules = Change the rules
deadlines-calendars = Calendars of working days
deadlines-from-to = { $a } to { $b }
deadlines-rules-form-hint = What is requested before the new rules hold keeps its dates. Empty a rule to remove it. See what they would do before you publish them.
deadlines-effective-from = In force from
deadlines-by-calendar = Working days by
deadlines-rule = Rule { $n }
deadlines-rule-empty = (a further one)
deadlines-any = any
deadlines-utility = Utility
deadlines-category = Category and everything below it
deadlines-channel = Channel
deadlines-priority = Priority
deadlines-unit = Unit
deadlines-would = Would fit { $a } open complaints; { $b } of them would have other limits than now.
deadlines-preview = Nothing is published yet. Of { $a } open complaints, { $b } would have other limits if they came in under these rules.
deadlines-show-preview = Show what would change
deadlines-publish = Publish
deadlines-moment = Say from which day and hour the rules hold.
deadlines-past = They can hold from now on or later: what was requested before keeps the rules that it was told.
deadlines-changed-meanwhile = Somebody else published a newer version meanwhile. What you typed is below; compare it with that version, then open this form again.
deadlines-amount = Rule { $n }: an amount is a whole number from 1 to 100,000.
deadlines-count = There must be 1 to 500 rules.
deadlines-not-for-all = The last rule must fit everything: leave its utility, category, channel and priority at "any".
deadlines-unreachable = Rule { $n } fits everything, so the rules behind it would never hold. Put it last.
deadlines-source-missing = Rule { $n }: say where it comes from, in at most 300 characters.
unit-of-limit-minute = minutes
unit-of-limit-hour = hours
unit-of-limit-calendar-day = calendar days
unit-of-limit-working-day = working days
calendar-name = Calendar
calendar-version = version { $n }
calendar-covered = Published for
calendar-covered-from = Published from
calendar-covered-to = Published to
calendar-closing = Work ends at
calendar-off = Days off that are no weekend
calendar-on = Working days at a weekend
calendar-ends-soon = The next year is missing
calendar-hint = Take the days from the notice of the State Council, usually published in November. Dates are written like 2027-01-01, with spaces or line ends between them. Deadlines that were provisional are counted anew when you publish.
calendar-publish = Publish
calendar-no-day = "{ $a }" is no day. Write it like 2027-01-01.
calendar-closing-rule = Write when work ends like 17:30; 24:00 is the end of the day.
calendar-covered-rule = The last published day lies before the first one.
calendar-both = { $a } is both a day off and a working day.
calendar-outside = { $a } lies outside of the published days. Move their end first.
said-rules-published = The rules are published.
said-calendar-published = The calendar is published; provisional deadlines were counted anew.
nav-watch = Late
watch-lists = Lists
watch-list-late = Late
watch-list-near = Soon late
watch-list-stuck = Stuck
watch-list-silent = Silent
watch-hint-late = Deadlines that passed without what they demand, the longest overdue first.
watch-hint-near = Most of the time until these deadlines has passed.
watch-hint-stuck = Complaints that stay longer in one state than the rules allow.
watch-hint-silent = Somebody was sent to a visit that is due, and none of their devices has reported since. They may work without a network: call them.
watch-empty-late = Nothing is late.
watch-empty-near = Nothing comes near its deadline.
watch-empty-stuck = Nothing is stuck.
watch-empty-silent = Everybody who was sent has been heard of.
watch-holder = Held by
watch-what = What should happen
watch-when = Until when
watch-step-contact = Contact the customer
watch-step-onsite = Be on site
watch-step-answer = Answer the customer
watch-since = Move on: in this state since { $a }
watch-over = late by { $a }
watch-left = { $a } left
watch-sent = Sent { $a }
watch-last-heard = last heard of { $a }
watch-never-heard = never heard of
watch-silent-for = silent for { $a }
watch-days = { $n ->
    [one] { $n } day
   *[other] { $n } days
}
watch-to-lead = brought before the lead
watch-to-administrator = brought before the administrator
watch-form = When people are told
watch-form-hint = The holder of a complaint is warned when most of the time has passed, and told when a deadline is missed. An empty amount: never.
watch-warn = Warn after this share of the time (per cent)
watch-escalate-lead = A missed deadline is brought before the lead after
watch-escalate-administrator = A missed deadline is brought before the administrator after
watch-limit-silent = A device counts as silent after
watch-limit-expert = An expert answers within
watch-limit-expert-near = A question is soon late before its deadline by
watch-limit-planned-submit = Planned events: submitted before they begin
watch-limit-planned-inform = Planned events: customers told before they begin
watch-limit-planned-near = Planned events: called soon late
watch-limit-planned-carried = Planned events: carried by technicians before they begin
watch-stuck-after = Stuck in "{ $a }" after
watch-mistake = When people are told: the share is 1 to 99 per cent, an amount a whole number from 1 to 100,000, and silence needs one.
timeline-deadline-near = A deadline comes near
timeline-deadline-missed = A deadline was missed
timeline-deadline-escalated = A missed deadline was brought before somebody else
timeline-deadline-kept = Arrived in time after all: the breach is taken back
watch-stays = Stays too long: { $a }
watch-due = until { $a }
log-fact-step = { $a }
log-step-state = Move on from its state
watch-told-holder = its holder
watch-told-lead = the lead
watch-told-administrator = the administrator
deadlines-return-classes = Kinds of customers (residential, commercial, industrial, cng, other); empty: any
