frame-skip = Skip to the content
frame-menu = Menu
frame-offline = You are offline. Nothing was sent; what you typed stays here. Send it again when the network is back.
frame-sign-out = Sign out
nav-start = Start
nav-queue = Complaints
nav-conflicts = Conflicts
nav-reports = Reports
nav-arrivals = Arrivals
nav-new = New
nav-devices = Devices
nav-people = People
nav-log = Log

sign-in-title = Sign in
sign-in-name = Name
sign-in-password = Password
sign-in-do = Sign in
sign-in-help = Forgotten your password? An administrator can set a new one.
sign-in-over = Your session has ended. Please sign in again.
sign-in-over-kept = Your session has ended. What you typed is kept: sign in, and send it again.
resume-title = Signed in again
resume-text = What you typed was not saved yet. Send it now?
resume-do = Send it
resume-not = Discard it and go to the start page

enrol-title = Enrol a device
enrol-text = This link is for the field client. On the device that is to be enrolled, type:
enrol-placeholder = the link from your browser's address bar
enrol-once = A link works once and for a few minutes. If it is too old, ask an administrator for a new one.

account-title = My account
account-roles = What I may do
account-region = region
account-unit = unit
account-password = Password
account-old = Present password
account-new = New password
account-again = New password again
account-password-rule = 10 to 256 characters.
account-change = Change password
account-not-the-same = The new password and its repetition are not the same.
account-old-wrong = The present password is wrong.
account-sessions = Other sessions
account-sessions-text = Ends every session of yours except this one, for example on a computer where you forgot to sign out.
account-end-others = End other sessions

failure-start = To the start page
failure-request = If you report this, name the request:

said-password-changed = Password changed. Your other sessions have ended.
said-sessions-ended = Your other sessions have ended.

role-technician = Technician
role-clerk = Clerk
role-reviewer = Reviewer
role-lead = Lead
role-administrator = Administrator
role-expert = Expert
role-inspector = Inspector
resume-nothing = Nothing is kept for you here. What somebody else typed on this machine is shown to them alone, for an hour.
