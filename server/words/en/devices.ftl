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
devices-clock-off = clock is { $n } s off
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
devices-lost = Declare lost
devices-lost-text = Nothing more will come from this device: complaints no longer wait for it, and each record shows the declaration. Revoke it as well if somebody may have it.
devices-lost-do = Declare it lost
devices-text-rule = Write 1 to 80 characters.
said-device-renamed = Renamed.
said-device-revoked = Revoked. The device has no access any more.
said-device-lost = Declared lost. No visit waits for this device any more.
invitation-title = Invitation
invitation-for = Invitation for { $a }
invitation-until = Good once, until { $a }. This page cannot be shown again.
invitation-qr = The link as a QR code
invitation-type = On the device, type:
invitation-link = Or use the link:
invitation-once = The device then shows its fingerprint. Compare it with the one in the list of devices.
