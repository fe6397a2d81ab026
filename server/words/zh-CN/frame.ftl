frame-skip = 跳到正文
frame-menu = 菜单
frame-offline = 网络已断开。内容没有发送，您填写的内容仍在本页；网络恢复后请再次提交。
frame-sign-out = 退出
nav-start = 首页
nav-queue = 投诉
nav-conflicts = 冲突
nav-reports = 报表
nav-arrivals = 现场来件
nav-new = 新建投诉
nav-devices = 设备
nav-people = 人员
nav-log = 日志

sign-in-title = 登录
sign-in-name = 用户名
sign-in-password = 密码
sign-in-do = 登录
sign-in-help = 忘记密码？请管理员重设。
sign-in-over = 会话已结束，请重新登录。
sign-in-over-kept = 会话已结束。您填写的内容已保留：登录后可再次提交。
resume-title = 已重新登录
resume-text = 您填写的内容尚未保存，现在提交吗？
resume-do = 提交
resume-not = 放弃，回到首页

enrol-title = 登记设备
enrol-text = 此链接供现场客户端使用。请在要登记的设备上输入：
enrol-placeholder = 浏览器地址栏中的链接
enrol-once = 链接只能使用一次，几分钟内有效。过期后请向管理员索取新链接。

account-title = 我的账户
account-roles = 我的权限
account-region = 区域
account-unit = 单位
account-password = 密码
account-old = 当前密码
account-new = 新密码
account-again = 再次输入新密码
account-password-rule = 10 至 256 个字符。
account-change = 修改密码
account-not-the-same = 两次输入的新密码不一致。
account-old-wrong = 当前密码不正确。
account-sessions = 其他会话
account-sessions-text = 结束除本会话外您的所有会话，例如忘记退出的电脑。
account-end-others = 结束其他会话

failure-start = 回到首页
failure-request = 反馈问题时请提供请求编号：

said-password-changed = 密码已修改，您的其他会话已结束。
said-sessions-ended = 您的其他会话已结束。

role-technician = 技术员
role-clerk = 受理员
role-reviewer = 审核员
role-lead = 负责人
role-administrator = 管理员
role-expert = 专家
role-inspector = 纪检监察
resume-nothing = 这里没有为您保留的内容。他人在本机填写的内容只向其本人显示，保留一小时。
