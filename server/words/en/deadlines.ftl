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
