start-all = Complaints in your scope
start-reads = What you may read
start-waits = What waits for you
start-refused = Refused items from the field
start-silent-devices = Devices silent for over a day
start-look = look
start-nothing = Nothing waits for you here. Your work is on your device.
start-received = Complaints received in the last 14 days
start-as-table = The same figures, day by day
start-day = Day
start-complaints = Complaints
start-visits = Visits ended
start-ended = Visits that ended, by the day we learned of it
start-arrived = From the field today
start-arrived-devices = From the field today, by device
start-arrived-none = Nothing came in from the field today.
start-offline = recorded offline
start-acts = { $n ->
    [one] { $n } act
   *[other] { $n } acts
}
start-escrow = Kept aside and not looked at
start-pending = Arrived and waiting for a verdict
start-unsent = Devices with unsent work
start-wipes = Wipes not confirmed
start-suspended = Devices suspended
start-invited = Invitations not used yet
start-reported = Devices that reported, by day
start-devices = Devices
