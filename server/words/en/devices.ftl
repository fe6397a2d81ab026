devices-invite = Invite a device
devices-for = For whom
devices-choose = Choose a person
devices-choose-person = Choose the person the device is for.
devices-label-optional = Label (may stay empty)
devices-invite-do = Make an invitation
devices-invite-hint = The invitation is shown once, works once, and ends after ten minutes.
devices-none = No device is enrolled yet. Invite the first one above.
devices-device = Device
devices-person = Person
devices-state = State
devices-seen = Last seen
devices-unsent = Not sent yet
devices-version = Version
devices-revoked = revoked
devices-silent = silent for over a day
devices-active = active
devices-never = never
devices-clock-ahead = clock is { $a } ahead
devices-clock-behind = clock is { $a } behind
devices-clock-minutes = { $n ->
    [one] one minute
   *[other] { $n } minutes
}
devices-clock-hours = { $n ->
    [one] one hour
   *[other] { $n } hours
}
devices-clock-days = { $n ->
    [one] one day
   *[other] { $n } days
}
devices-clock = Clock
devices-clock-right = right at the last contact
devices-acts = { $n ->
    [one] { $n } act
   *[other] { $n } acts
}
devices-photos = { $n ->
    [one] { $n } photo
   *[other] { $n } photos
}
devices-next = Next page
devices-back = All devices
devices-facts = What is known
devices-fingerprint = Fingerprint
devices-fingerprint-hint = Compare the fingerprint with what "field status" shows on the device: if they differ, revoke it.
devices-enrolled = Enrolled
devices-disk = Free storage
devices-rename = Label
devices-label = Label
devices-rename-do = Rename
devices-revoke = Revoke
devices-revoke-text = Its access ends at once, in the middle of an upload, too. What it already sent stays; what it sends later is kept apart in escrow.
devices-reason = Reason
devices-revoke-do = Revoke the device
devices-revoked-at = Revoked { $a }: { $b }
devices-suspended = suspended
devices-wipe-waits = wipe ordered
devices-wiped = wiped
devices-person-disabled = person without access
devices-person-disabled-at = Its person has had no access since { $a }: the device is refused until it is given back under People.
devices-no-technician = person is no technician
devices-no-technician-text = Its person has lost the role technician: the device is refused, and what it holds waits on it until the role is given back under People. Revoke it to have that handed over into escrow.
devices-forked = used in two places
devices-forked-at = Its folder was copied and used in two places: since { $a } its log has two different histories, and nothing more of it enters a record.
devices-forked-do = Nothing is lost: each place keeps what it recorded. Find out who used the copy. Invite each honest place anew: field enrol there sends on, under a new identity, what is in no record yet. What came here meanwhile lies in escrow and can be taken up. Then revoke this device.
devices-suspended-at = Suspended { $a }: { $b }
devices-wipe-asked-at = Wipe ordered { $a }: { $b }
devices-wipe-told = The device heard of it { $a } and has not confirmed yet.
devices-wipe-not-told = The device has not reported since.
devices-wiped-at = Wiped: the device confirmed { $a } that everything on it is gone.
devices-is-revoked = A revoked device cannot be suspended.
devices-is-wiped = The device has obeyed already: the order cannot be taken back.
devices-suspend = Suspend
devices-suspend-text = It is refused from now on, in the middle of an upload, too, until somebody resumes it. What it holds waits on it; the technician is told so.
devices-suspend-do = Suspend the device
devices-resume = Resume
devices-resume-text = The device may report again; what waited on it then arrives as usual.
devices-resume-do = Resume the device
devices-wipe = Order a wipe
devices-wipe-text = The device is revoked at once. At its next contact it hands over what nobody has seen yet (acts into escrow, photos as evidence), then deletes everything and confirms here. Until then the order can be withdrawn.
devices-wipe-do = Order the wipe
devices-withdraw-wipe = Withdraw the wipe
devices-withdraw-wipe-text = The device keeps what it holds. It stays revoked: for new work it needs a new invitation.
devices-withdraw-wipe-do = Withdraw the order
devices-history = History
devices-history-none = Nothing has been done to this device yet.
devices-contacts = Contacts by day
devices-contacts-none = The device has not reported yet.
devices-first-contact = First
devices-last-contact = Last
devices-contact-count = Contacts
devices-lost = Declare lost
devices-lost-text = Nothing more will come from this device: complaints no longer wait for it, and each record shows the declaration. Revoke it as well if somebody may have it.
devices-lost-do = Declare it lost
devices-text-rule = Write 1 to 80 characters.
said-device-renamed = Renamed.
said-device-revoked = Revoked. The device has no access any more.
said-device-suspended = Suspended. The device is refused until it is resumed.
said-device-resumed = Resumed. The device may report again.
said-device-wipe-ordered = Wipe ordered. The device is revoked and obeys at its next contact.
said-device-wipe-withdrawn = Order withdrawn. The device stays revoked.
said-device-lost = Declared lost. No visit waits for this device any more.
invitation-title = Invitation
invitation-for = Invitation for { $a }
invitation-until = Good once, until { $a }. This page cannot be shown again.
invitation-qr = The link as a QR code
invitation-type = On the device, type:
invitation-link = Or use the link:
invitation-once = The device then shows its fingerprint. Compare it with the one in the list of devices.
devices-clock-within = right
