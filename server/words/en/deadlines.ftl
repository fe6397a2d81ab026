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
