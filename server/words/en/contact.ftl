contact-title = Contact data
contact-flag-missing = Name or phone is missing
contact-flag-changed-on-visit = Changed by somebody who visits the customer
contact-flag-staff-number = The phone is that of somebody of ours
contact-flag-shared-number = The phone stands on complaints of several other customers
contact-flag-field = { $a }: { $b }
contact-raised = { $a } by { $b }
contact-settled-by = Settled { $a } by { $b }
contact-settled-itself = In order since { $a }
contact-then = Written down at intake
contact-now = Now
contact-none = none
contact-settle-reason = What you found out
contact-settle = Settle
contact-versions = { $n ->
    [one] { $n } entry on record
   *[other] { $n } entries on record
}
contact-newest = now
contact-at-intake = { $a } (intake)
queue-contact = contact data
said-contact-settled = Settled. Your reason is on record.
said-contact-settled-before = It was settled meanwhile; the record shows by whom.
timeline-contact-flagged = Contact data look doubtful
timeline-contact-settled = Contact data looked at
