nav-actions = Actions
action-heading = Corrective actions
action-lists = Lists
action-list-mine = Mine
action-list-open = To be carried out
action-list-overdue = Overdue
action-list-to-check = Effect to be judged
action-list-over = Finished
action-hint-mine = What you are to put right, the most urgent first.
action-hint-open = Everything that is to be put right, the most urgent first.
action-hint-overdue = The last day has passed and nobody said that it was carried out.
action-hint-to-check = What was carried out. When the days of watching have passed, somebody else judges whether it helped.
action-hint-over = What helped, and what was dropped for a reason; the newest first.
action-empty-mine = You own no corrective action.
action-empty-open = Nothing is to be put right.
action-empty-overdue = Nothing is overdue.
action-empty-to-check = No effect waits to be judged.
action-empty-over = No corrective action was finished so far.
action-state-open = To be carried out
action-state-done = Carried out
action-state-effective = Helped
action-state-dropped = Dropped
action-title = What is to be put right
action-owner = Owner
action-due = Last day
action-for = Because of
action-complaints = { $n ->
    [one] { $n } complaint
   *[other] { $n } complaints
}
action-overdue = overdue since { $a }
action-check-now = judge its effect now
action-check-from = effect from { $a }
action-plan = Plan a corrective action
action-plan-hint = Say what is to be put right so that such complaints do not come again. This complaint is not closed before the action is carried out or dropped.
action-effect-days = Watch its effect for (days)
action-effect-hint = The figures compare complaints of the same category and region, as many days before it was planned and after it was carried out.
action-none = Nothing is to be put right because of this complaint.
action-effect = Does it help?
action-effect-what = Complaints of the same category and region, by when they were received.
action-before = { $n ->
    [one] In the day before it was planned
   *[other] In the { $n } days before it was planned
}
action-since = { $n ->
    [one] In the day since it was carried out
   *[other] In the { $n } days since it was carried out
}
action-since-so-far = { $n ->
    [one] Since it was carried out, so far, of one day
   *[other] Since it was carried out, so far, of { $n } days
}
action-planned = Planned
action-done = Carried out
action-by-at = { $a }, { $b }
action-by-rules = Rules
action-cause-similar = Rules, for complaints alike within a month
action-link-number = Number of another complaint
action-link = Put it under this action
action-carry-out = It was carried out
action-evidence = What was done, and where that can be seen
action-judge = Judge its effect
action-helped = Did it help?
action-helped-yes = Yes, it helped
action-helped-no = No, something better is to be done
action-finding = What was found
action-again-by = If it did not help: the last day for something better
action-hand-on = Another owner or another day
action-reason = Why
action-drop = Drop this action
action-drop-reason = Why it is not carried out; it stays on record
action-acts = What was done
action-act-planned = Corrective action planned
action-act-linked = Another complaint was put under it
action-act-moved = Another owner or another day
action-act-done = Corrective action carried out
action-act-effective = It was found to help
action-act-ineffective = It was found not to help
action-act-dropped = Corrective action dropped
action-title-needed = Say in at most 200 characters what is to be put right.
action-owner-needed = Choose somebody of the office who has access to the complaint.
action-day-needed = Give a last day: today or later, within five years.
action-days-needed = Give a number of days from 1 to 366.
action-full = One action can have 500 complaints. Plan another one.
action-words-needed = Write it down, in at most 2,000 characters.
said-action-planned = The corrective action is planned.
said-action-linked = The complaint is under this action.
said-action-moved = The action has its new owner and day.
said-action-done = Written down. Its effect is watched now.
said-action-effective = The action is finished: it helped.
said-action-ineffective = The action is open again.
said-action-dropped = The action is dropped; the reason stays on record.
timeline-corrective-action = Corrective action
blocker-corrective-action = A corrective action is not carried out
log-action-planned = Corrective action planned
log-action-linked = Complaint put under a corrective action
log-action-moved = Corrective action got another owner or day
log-action-done = Corrective action carried out
log-action-judged = Effect of a corrective action judged
log-action-dropped = Corrective action dropped
