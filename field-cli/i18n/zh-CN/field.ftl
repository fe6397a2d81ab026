# `field` 的文字。与 en/field.ftl 一一对应，有测试核对。

## 帮助

about = 无网络时记录现场核查，联网后与服务器交换。记下的内容不会丢失。
help-way-back = English: field --lang en --help
help-root-after =
    退出码：0 完成 · 1 失败 · 2 命令行有误 · 3 完成一部分，可再次运行
      4 未登记或被拒绝 · 5 连不上服务器，数据都在本机 · 6 有冲突需要人来定 · 130 已中断
    环境变量：FIELD_LANG（en、zh-CN）· FIELD_HOME（本机数据目录）· NO_COLOR
    一天的用法：field sync · field today · field visit start 0417 · … · field visit finish · field sync
heading-usage = 用法:
heading-options = 选项
heading-arguments = 参数
heading-commands = 命令
usage-options = [选项]
usage-command = <命令>
help-values = { "" }（可选：{ $values }）

arg-help = 显示帮助
arg-version = 显示版本
arg-lang = 语言：en、zh-CN
arg-json = 输出 JSON 行，供脚本使用
arg-home = 本机数据目录
arg-visit = 核查：@（当前核查）、投诉编号或其末尾几位（0417）；不写即 @
arg-reason = 原因：代码或文字
arg-text = 文字内容
arg-code = 代码
arg-profile = 判定所用的限值方案
arg-meter = 表号；不写则用档案中的表号
arg-class = 铭牌准确度等级；不写则用档案中的等级
arg-photo = 照片文件，一并保存
arg-allow-old = 接受拍摄时间早于本次核查的照片
arg-severity = 严重程度
arg-why = 原因说明
arg-position = 位置
arg-number = 编号

help-enrol = 用办公室发出的邀请登记本设备
help-enrol--invitation = 二维码中的链接，或短码
help-enrol--server = 服务器地址，使用短码时必填
help-enrol--name = 本设备的名称，例如“张伟的手机”
help-sync = 上传记录，取回他人的改动，再传照片
help-sync--photos-later = 只传记录，照片下次再传
help-sync--limit-rate = 最高上传速度，例如 200k
help-sync--watch = 持续运行，有网络就同步
help-status = 本机有什么、已送达什么；无需网络
help-today = 今天的核查
help-today--all = 所有日期的核查
help-visit = 开始、查看、完成核查
help-visit-list = 列出核查
help-visit-list--date = 日期：today、tomorrow 或 YYYY-MM-DD
help-visit-list--all = 所有日期的核查
help-visit-show = 查看一次核查及其全部记录
help-visit-show--history = 连同已撤回和已更正的内容
help-visit-start = 开始核查，并设为 @
help-visit-start--visit = 核查：投诉编号或其末尾几位，例如 0417
help-visit-start--at = 所在位置的纬度和经度（WGS-84），例如 31.2304,121.4737
help-visit-pause = 暂停核查
help-visit-resume = 继续已暂停的核查
help-visit-no-access = 记录本次到访未能核查
help-visit-propose = 向办公室提出结论、原因和责任的建议
help-visit-propose--verdict = 投诉是否属实
help-visit-propose--cause = 根本原因：代码，例如 M01
help-visit-propose--responsibility = 责任方
help-visit-propose--text = 原因说明
help-visit-note = 在核查备注中添加一行
help-visit-note--text = 这一行的内容
help-visit-finish = 检查有无遗漏后，完成核查
help-visit-finish--outcome = 结果代码
help-visit-finish--skip = 要跳过的检查项，须同时写 --why；可多次使用
help-answer = 填写检查项；不带参数则列出检查表
help-answer--item = 检查项：代码或列表中的序号
help-answer--value = 填写的内容
help-answer--clear = 清除填写的内容
help-finding = 记录核查发现
help-finding-add = 记录一条发现
help-finding-add--code = 代码；不写则为一般记录
help-finding-add--item = 所属检查项
help-finding-list = 列出发现
help-finding-edit = 修改自己记录的发现
help-finding-edit--finding = 发现在列表中的序号
help-finding-withdraw = 撤回自己记录的发现；原文仍可查看
help-finding-withdraw--finding = 发现在列表中的序号
help-finding-restricted = 反映员工行风问题：立即密封，仅纪检监察人员可阅
help-finding-restricted--conduct = 问题类型
help-finding-restricted--about = 被反映人的姓名或工号
help-finding-restricted--text = 事情经过
help-meter = 抄表、检验、封印
help-meter-read = 按显示抄录示数
help-meter-read--register = 计度器和显示的示数，例如 total=012345.6；可多次使用
help-meter-read--kind = 示数来源
help-meter-read--confirm-rollover = 确认计度器自上次抄表后已走满归零
help-meter-read--confirm-below = 确认示数无误，虽小于档案中的上次示数
help-meter-read--unit = 显示的单位；不写则为 kWh 或 m3
help-meter-read--photo = 拍到示数的照片在列表中的序号
help-meter-read--corrects = 被更正的示数在列表中的序号
help-meter-check = 现场检验电表，当场得出误差、限值和结论
help-meter-check-watt = 瓦秒法：已知功率下的脉冲数和秒数
help-meter-check-reference = 标准表法：与标准表比较电量
help-meter-check-pulse = 脉冲比较法：与标准表比较脉冲数
help-meter-check-power = 功率比较：用于筛查接线
help-meter-check-power--reference = 标准表的功率（W）
help-meter-check-errors = 仪器显示的多次误差取平均
help-meter-check-errors--errors = 误差（%），至少两个
arg-constant = 电表常数（imp/kWh）；不写则用档案中的常数
arg-pulses = 数到的脉冲数
arg-seconds = 所用秒数
arg-watts = 功率（W）；有 --ct 时为一次侧功率
arg-ct = 电流互感器变比，两个数都写：200/5
arg-pt = 电压互感器变比，两个数都写：10000/100
arg-timed = 由仪器计时，而非手动
arg-tested = 被检表的计量值
arg-start = 开始时的值
arg-stop = 结束时的值
arg-reference = 标准表的计量值
arg-reference-constant = 标准表常数（imp/kWh）
arg-reference-pulses = 标准表脉冲数
arg-shown = 电表显示的功率（W）
arg-reactive = 无功电能
arg-current = 检验时的电流（A）
arg-power-factor = 检验时的功率因数，例如 0.5L
arg-rating = 铭牌电流，例如 5(60)
arg-instrument = 标准表编号
arg-instrument-class = 标准表的准确度等级
arg-instrument-valid-to = 标准表检定有效期，YYYY-MM-DD
help-meter-seal = 记录封印状况，以及新加的封印
help-meter-seal--no = 现场看到的封印编号
help-meter-seal--state = 封印状态
help-meter-seal--fitted = 新加封印的编号
help-meter-list = 列出示数、检验和封印
arg-corrects = 本次检验所更正的检验：列表中的编号，例如 c1
arg-confirm-utility = 确认检验无误，虽与档案中的业务类别不符
help-meter-withdraw = 撤回您的一条示数或检验，内容仍可查阅
help-meter-withdraw--entry = 列表中的编号：1 为示数，c1 为检验
help-gas = 燃气检测
help-gas-leak = 用皂液或检测仪逐个接头检漏
help-gas-leak--joint = 接头和结果，例如 "灶前阀=ok" 或 "灶前阀=leak"；可多次使用
help-gas-leak--method = soap（皂液）或 detector（检测仪）；不写则为皂液
help-gas-pressure = 新装户内管道压力试验
help-gas-pressure--start = 起始压力（kPa）
help-gas-pressure--stop = 终止压力（kPa）
help-gas-pressure--minutes = 间隔分钟数
help-gas-tightness = 按系统容积的严密性试验（IGEM/UP/1B）
help-gas-tightness--run = 试验：起始 mbar/终止 mbar/分钟
help-gas-tightness--let-by = 阀门内漏试验，写法相同
help-gas-tightness--pipework-run = 单独试验管道，写法相同
help-gas-tightness--pipe = 管道：管径 mm 和长度 m，例如 20.2x8；可多次使用
help-gas-tightness--meter-volume = 燃气表容积（m³）
help-gas-tightness--lpg = 液化石油气，而非天然气
help-gas-tightness--water-gauge = 水柱计，而非电子压力计
help-gas-tightness--appliances = 燃具处于连接状态
help-gas-volume = 燃气表与标准表比较的误差
help-gas-volume--point = 被检表 m³/标准表 m³/秒，例如 0.102/0.100/180；可多次使用
help-gas-volume--q-min = 铭牌最小流量（m³/h）
help-gas-volume--q-max = 铭牌最大流量（m³/h）
help-gas-volume--q-t = 分界流量（m³/h）；不写则为最大流量的十分之一
help-hazard = 记录隐患，以最高等级为准
help-hazard-add = 记录一项隐患
help-hazard-add--code = 隐患代码
help-hazard-add--level = H1 立即处理，H2 限期整改，H3 提示
help-hazard-add--action = 已采取的措施
help-hazard-list = 列出隐患
help-notice = 给用户的书面告知
help-notice-add = 记录一份书面告知
help-notice-add--number = 告知书编号
help-notice-add--delivered = 送达方式
help-notice-add--kind = 告知内容
help-notice-add--hazard = 所告知的隐患在列表中的序号
help-notice-list = 列出告知
help-photo = 照片
help-photo-add = 添加照片：提示符返回时已复制、校验并落盘
help-photo-add--files = 照片文件
help-photo-add--tag = 拍摄内容
help-photo-add--caption = 说明
help-photo-add--finding = 所佐证的发现在列表中的序号
help-photo-add--at = 您所知的拍摄位置的纬度和经度（WGS-84），例如 31.2304,121.4737
help-photo-list = 列出照片
help-photo-unavailable = 声明照片已无法找回
help-photo-unavailable--photo = 照片在列表中的序号
help-customer = 用户的陈述与签字
help-customer-statement = 记录陈述
help-customer-statement--file = 陈述的文本文件
help-customer-statement--from = 陈述人
help-customer-sign = 保存用户签字
help-customer-sign--image = 签字图片（PNG 或 JPEG）
help-customer-contact = 更正用户的姓名、电话或地址；由审核人核实
help-customer-contact--name = 用户姓名
help-customer-contact--phone = 用户电话
help-customer-contact--address = 投诉所涉地址
help-customer-refuse = 记录用户拒绝签字
help-promise = 对用户的承诺
help-promise-add = 记录一项承诺
help-promise-add--what = 承诺内容
help-promise-add--due = 期限：YYYY-MM-DD、YYYY-MM-DDTHH:MM、tomorrow、+3d、+2h
help-promise-add--article = 所依据的知识编号，如 K-0007；没有则写 none
help-promise-list = 列出承诺
help-complaint = 现场受理的投诉
help-complaint-new = 现场受理投诉：当场给用户编号，并开始核查
help-complaint-new--summary = 用户的说法
help-complaint-new--address = 地址
help-complaint-new--utility = 业务类别
help-complaint-new--category = 分类代码
help-complaint-new--customer = 用户姓名
help-complaint-new--phone = 用户电话
help-complaint-new--confidential = 用户要求保密，不得告知上门人员
help-complaint-new--checklist = 核查所用检查表
help-complaint-new--meter = 所涉表计的表号
help-complaint-new--no-visit = 只上报，暂不核查
help-grumble = 记下听到的抱怨，十秒完成
help-grumble--category = 分类代码
help-grumble--place = 在哪里听到的
help-expert = 咨询专家坐席，查看答复
help-expert-ask = 就某次核查的投诉咨询专家；答复随同步送达
help-expert-ask--skill = 由谁答复：专业的代码或名称
help-expert-ask--question = 要问的问题
help-expert-list = 列出提问和答复
help-outbox = 尚未送达服务器的内容
help-outbox-list = 列出
help-outbox-retry = 下次同步时重试被拒的内容
help-outbox-pause = 在重试之前不发送
help-conflicts = 不同人记录不一致的内容
help-conflicts-list = 列出
help-conflicts-show = 查看一处冲突的各个值及其作者
help-conflicts-show--number = 列表中的序号
help-conflicts-choose = 写下您认为正确的值；由办公室裁决
help-conflicts-choose--number = 列表中的序号
help-conflicts-choose--keep = 值前的字母，或 both
help-log = 谁在何时用哪台设备记录了什么
help-undo = 撤销上一步；原内容仍可查看
help-know = 办公室发布的知识，离线查阅和搜索
help-know--text = 要找的词，或知识编号如 K-0007
help-know--unread = 只列未读或阅读后已更改的
help-search = 在本机全部内容中搜索
help-search--text = 要找的词
help-doctor = 检查时钟、数据、密钥和网络
help-doctor--fix = 修复可以修复的问题
help-export = 把一次核查写入文件
help-export--format = 格式
help-export--out = 文件；不写则输出到屏幕
help-lang = 查看或选择语言
help-lang--language = en 或 zh-CN
help-completions = 生成命令补全脚本
help-completions--shell = Shell
help-man = 手册页
help-man--dir = 每个命令一页，写入此目录

## 帮助中的占位词

value-a = 安
value-action = 措施
value-address = 地址
value-caption = 说明
value-category = 分类
value-check = 检验
value-cause = 原因
value-checklist = 检查表
value-class = 等级
value-code = 代码
value-constant = 常数
value-date = 日期
value-delivered = 方式
value-device = 设备
value-dir = 目录
value-due = 期限
value-entry = 编号
value-file = 文件
value-finding = 发现
value-format = 格式
value-from = 来源
value-hazard = 隐患
value-invitation = 邀请
value-item = 项目
value-keep = 字母
value-kind = 类型
value-lang = 语言
value-language = 语言
value-lat-lon = 纬度,经度
value-level = 级别
value-meter-ref-s = 被检/标准/秒
value-method = 方法
value-minutes = 分钟
value-mmxm = 毫米x米
value-name = 姓名
value-number = 号码
value-outcome = 结果
value-percent = 百分数
value-phone = 电话
value-photo = 照片
value-place = 地点
value-place-ok-leak = 部位=ok|leak
value-position = 位置
value-profile = 限值方案
value-pulses = 脉冲数
value-question = 问题
value-rate = 速率
value-rating = 电流
value-reading = 读数
value-reason = 原因
value-reference-constant = 标准表常数
value-reference-pulses = 标准表脉冲数
value-register-reading = 示数类型=读数
value-responsibility = 责任
value-role = 内容
value-seconds = 秒
value-severity = 程度
value-skill = 专业
value-start-end-min = 始/末/分钟
value-state = 状态
value-summary = 摘要
value-text = 文字
value-unit = 单位
value-utility = 业务类别
value-value = 值
value-verdict = 结论
value-visit = 核查
value-watts = 瓦
value-what = 内容
value-why = 理由

## 命令行错误

usage-unknown-argument = 这里没有选项 { $argument }
usage-unknown-command = 没有命令 { $command }
usage-missing = 缺少：{ $arguments }
usage-missing-command = 缺少命令
usage-conflict = { $argument } 不能与 { $other } 同时使用
usage-no-value = { $argument } 后面要有内容
usage-wrong-value = { $value } 不适用于 { $argument }
usage-suggestion = 是不是想用 { $suggestion }？
usage-valid-values = 可选：{ $values }
usage-help = 详情请加 --help

## 时间与大小

duration-seconds = { $seconds } 秒
duration-minutes = { $minutes } 分钟
duration-hours = { $hours } 小时 { $minutes } 分
duration-days = { $days } 天 { $hours } 小时

## 语言、补全、手册

lang-is = 语言：{ $lang }
lang-saved = 今后使用语言 { $lang }
man-saved = 已在 { $dir } 写入 { $count } 页
file-not-written = 无法写入 { $file }：{ $error }
output-lost = 输出未能写完
output-lost-hint = 输出所在的磁盘是否已满？已记录的内容仍已保存。
next-step = 下一步：{ $command }

## 提问

nothing-recorded = 没有记录任何内容
prompt-failed = 无法提问：{ $error }
prompt-stopped = （已取消）

## 提问的短标签

code-label-class = 准确度等级
code-label-constant = 电表常数（imp/kWh）
code-label-end-mbar = 结束压力（mbar）
code-label-start-mbar = 开始压力（mbar）
code-label-installation-m3 = 管道系统容积（m³）
code-label-joint = 接口位置
code-label-joint-found = 检查结果
code-label-meter-m3 = 被检表体积（m³）
code-label-reference-m3 = 标准器体积（m³）
code-label-end-kpa = 结束压力（kPa）
code-label-meter-watts = 电表显示功率（W）
code-label-minutes = 间隔分钟数
code-label-primary-watts = 一次侧功率（W）
code-label-pulses = 脉冲数
code-label-reference-constant = 标准表常数（imp/kWh）
code-label-reference-kwh = 标准表电量（kWh）
code-label-reference-pulses = 标准表脉冲数
code-label-reference-watts = 标准功率（W）
code-label-seconds = 用时（秒）
code-label-start-kpa = 开始压力（kPa）
code-label-tested-kwh = 被检表电量（kWh）
code-label-watts = 功率（W）

## 本机数据拒绝的情况

store-not-enrolled = 本设备尚未登记
store-not-enrolled-hint = 请向办公室索取邀请，然后运行：field enrol <链接或短码>
store-enrol-again = 此目录被复制并在两处使用：服务器收到本设备的两段不同历史，两处的内容都不再接收。您记录的内容保留在本机
store-enrol-again-hint = 请告知办公室副本由谁使用，索取邀请，并在同一目录中运行：field enrol <链接或短码>。尚未进入记录的内容随后会以新身份发送；另一处也须用自己的邀请照此办理。
store-newer = 本机数据由更新版本的 field 写入
store-newer-hint = 请安装最新版本。数据未作任何改动。
store-copied = 此目录是复制来的，原属 { $place }。在这里记录会破坏设备日志。
store-another-machine = 另一台设备或已无从得知的位置
store-copied-hint = 请在原处使用。若原处已不存在，请在此登记：field enrol <链接或短码>。尚未送达的内容随后会以新身份从这里发送。
store-restored = 此目录由备份恢复，比本设备已记录的内容旧
store-restored-hint = 请先运行 field sync，从服务器取回缺少的部分。
store-unknown-visit = 本机没有这次核查
store-key = 本设备的密钥缺失或损坏：{ $file }
store-doctor-hint = 详情：field doctor
store-disk-full = 磁盘已满，没有记录任何内容
store-disk-full-hint = 请腾出空间后重试。之前保存的内容都在。
store-too-large = 内容超过一次记录的上限，请分几次记录
store-file = { $file }：{ $error }
store-damaged = 无法读取本机数据：{ $error }

## 修改被拒绝的情况

edit-not-yours = 这是别人记录的，只有本人可以修改。请另记一条发现。
edit-unknown-entry = 这次核查中没有这条记录
edit-unwritable = { $path } 太长
edit-failed = 无法记录：{ $error }

## 无法读取或无法计算的数字

number-not = { $value } 不是数字（{ $argument }）；请只写数字，最多一个小数点，例如 22.5
number-exponent = { $value } 带有指数（{ $argument }）；请写出完整数字
number-separator = { $value } 有歧义（{ $argument }）；小数请用点，不要写千位分隔
number-too-long = { $value } 超过 { $max } 位数字（{ $argument }）
quantity-not-positive = { $field }必须大于零，不能是 { $value }
quantity-negative = { $field }不能为负，不能是 { $value }
quantity-not-whole = { $field }必须是整数，不能是 { $value }
quantity-out-of-range = { $field }超出范围，请核对
ratio-swapped = { $argument } { $value } 写反了，一次侧的数在前
ratio-hint = 两个数都写，一次侧在前：200/5
date-hint = 例如 2026-11-27
position-hint = 例如 31.2304,121.4737（先纬度，后经度，单位为度）
due-hint = 例如 2026-11-27、2026-11-27T16:00、tomorrow、+3d、+2h
due-past = { $due } 已经过去
joint-hint = 例如 --joint "入户球阀=ok" --joint "灶前阀=leak"
joint-ok = 不漏
joint-leaks = 漏气
another-joint = 还有其他接口吗？
another-point = 还有其他流量点吗？
pressure-run-hint = 数字用斜线隔开，例如 --run 20/19.5/2（mbar/mbar/分钟）、--pipe 20.2x8、--point 0.102/0.100/180
code-field-constant = 电表常数
code-field-pulses = 脉冲数
code-field-seconds = 时间
code-field-watts = 功率
code-field-tested-kwh = 被检表电量
code-field-reference-kwh = 标准表电量
code-field-start-kwh = 起始示数
code-field-stop-kwh = 终止示数
code-field-reference-constant = 标准表常数
code-field-tested-constant = 电表常数
code-field-tested-pulses = 被检表脉冲数
code-field-reference-pulses = 标准表脉冲数
code-field-meter-watts = 电表功率
code-field-reference-watts = 标准表功率
code-field-errors-percent = 误差
code-field-current-a = 电流
code-field-basic-a = 铭牌基本电流
code-field-max-a = 铭牌最大电流
code-field-power-factor = 功率因数
code-field-ct = 电流互感器变比
code-field-pt = 电压互感器变比
code-field-transformers = 互感器变比
code-field-reading = 示数
code-field-current = 示数
code-field-previous = 档案中的上次示数
code-field-multiplier = 倍率
code-field-tariff = 分时示数
code-field-total = 总示数
code-field-class = 等级
code-field-q-min-m3h = 最小流量
code-field-q-max-m3h = 最大流量
code-field-q-t-m3h = 分界流量
code-field-meter-m3 = 被检表体积
code-field-reference-m3 = 标准表体积
code-field-volume-m3 = 体积
code-field-start-kpa = 起始压力
code-field-end-kpa = 终止压力
code-field-start-mbar = 起始压力
code-field-end-mbar = 终止压力
code-field-minutes = 分钟数
code-field-diameter-mm = 管径
code-field-length-m = 管长

## 哪次核查、哪条记录

no-current-visit = 没有当前核查：请先开始一次，或写明是哪一次
visit-unknown = 本机没有核查 { $visit }
visit-unknown-hint = 查看列表：field visit list --all。新任务随 field sync 到达。
visit-ambiguous = { $visit } 对应多次核查，请多写几位，或写编号的末尾：
visit-not-started = { $visit } 尚未开始
visit-wrong-state = 无法执行：{ $visit } 当前状态为“{ $state }”
item-unknown = 没有检查项 { $item }
entry-unknown = 没有第 { $entry } 条；列表共 { $count } 条
entry-gone-already = 此前已撤回：{ $reason }。没有写入任何内容。
no-checklist = 本机没有 { $visit } 的检查表
none-recorded = 尚无记录
warn-visit-paused = { $visit } 已暂停，内容照常记录。继续请用：field visit resume
warn-visit-finished = { $visit } 已完成，此次作为补充记录，办公室会看到
warn-visit-lost = { $visit } 已不由您负责。照样保存，由办公室决定如何处理
warn-visit-cancelled = { $visit } 已取消（{ $cancelled }）。照样保存，由办公室决定如何处理
warn-revoked = 办公室已撤销本设备：内容保存在本机并作为证据移交，但不进入记录
warn-enrol-again = 此目录被复制并在两处使用：内容保存在本机，重新登记后再发送

## 已保存

saved = 已保存{ $what }
saved-checklist = 已保存{ $what }   检查项 { $done }/{ $total }
yes = 是
no = 否

## 列表

column-number = 编号
column-address = 地址
column-summary = 投诉内容
column-due = 时限
column-state = 状态
column-code = 代码
column-text = 内容
column-time = 时间
column-by = 记录人
column-photo = 照片
list-empty = { $day }没有核查
list-late = { $time } 已过
list-later = 当天已没有待办；之后的核查在 { $day }：{ $command }
list-lost = { " " }· 已不由您负责
list-cancelled = { " " }· 已取消
zone-unknown = 日期和时间按本机时区（{ $zone }）：服务器的时区尚未收到，运行 field sync 后即有
zone-differs = 日期和时间按本单位时区（{ $zone }），不按本机时区（{ $own }）
list-earlier = 还有 { $count } 次以前的核查未完成：field visit list --all
list-conflicts = { "" } · { $count } 处冲突
code-state-planned = 待核查
code-state-running = 进行中
code-state-paused = 已暂停
code-state-no-access = 未能进入
code-state-finished = 已完成
code-state-rework = 需返工
code-event-started = 开始
code-event-paused = 暂停
code-event-resumed = 继续
code-event-no-access = 未能进入
code-event-finished = 完成

## 核查

visit-started = { $visit }“{ $summary }”于 { $time } 开始，现为 @
visit-started-at = { $visit }“{ $summary }”于 { $time } 开始，距地址 { $distance }，现为 @
visit-is-current = { $visit } 已在进行中，现为 @
visit-still-running = { $visit } 仍在进行中；如需暂停：field visit pause --visit { $visit }
visit-checklist = 检查表：{ $title }（{ $done }/{ $total }）
visit-due = 时限 { $due }
visit-paused = { $visit } 已暂停
visit-resumed = { $visit } 继续进行
visit-no-access = { $visit }：未能进入，{ $reason }。本次核查无需其他内容。
visit-finished = { $visit } 于 { $time } 完成：{ $outcome }
visit-already-finished = { $visit } 之前已完成
warn-far-from-address = 距地址 { $distance }
clock-ahead = 本设备的时钟快了 { $by }：显示 { $says }，应为 { $right }。请校准；校准前记录的时间会受到质疑
clock-behind = 本设备的时钟慢了 { $by }：显示 { $says }，应为 { $right }。请校准；校准前记录的时间会受到质疑
ask-no-access = 为什么未能进入？
ask-verdict = 投诉是否属实？
ask-outcome = 核查结果如何？
ask-reason = 原因？
finish-open = 未完成：{ $total } 项检查中还有 { $open } 项未填
finish-notice-missing = 未完成：隐患须先书面告知
finish-notice = · 缺少“{ $hazard }”的书面告知    { $command }
finish-skip = 或记录不做的原因：{ $command }

## 核查内容

show-class = { $class } 级
show-confidential = ! 保密：投诉人要求不透露身份。请勿询问或提及何人投诉。
show-meter = 表计 { $meter }
show-aliases = 曾用编号 { $aliases }
show-rework = 需返工：{ $reason }
show-lost = ! 已不由您负责：此前的记录已收下，现在的记录会搁置，由办公室处理。您记录的内容：{ $command }
show-cancelled = ! 已取消（{ $cancelled }）：此前的记录已收下，现在的记录会搁置，由办公室处理。您记录的内容：{ $command }
visit-gone = { $visit } 已不由您负责，其资料已不在本机
visit-gone-cancelled = { $visit } 已取消（{ $cancelled }），其资料已不在本机
cancelled-by = { $by }，{ $at }
cancelled-because = { $by }，{ $at }：{ $reason }
visit-gone-hint = 您在其中的记录：{ $command }
show-proposed = { $field }：{ $value }
show-edited = { "" } · { $at } { $who } 改动
show-withdrawn = { "" } · 已撤回：{ $reason }
show-corrected = { "" } · 后来已更正
show-conflict = { $value }（另有不同的值）
show-conflicts = 有 { $count } 处内容各人记录不一致，由办公室裁决
show-statement = 陈述：{ $from }
show-signed = 已签字
show-refused = 拒绝签字：{ $reason }
show-promise = { $what }，期限 { $due }
title-findings = 发现
title-measured = 表计与检测
title-hazards = 隐患与告知
title-progress = 核查过程
title-photos = 照片
title-customer = 用户
title-proposal = 向办公室的建议
title-decisions = 办公室的裁定
decision-value = { $place }：{ $value }，办公室裁定：{ $reason }
decision-both = { $place }：两个值均保留，办公室裁定：{ $reason }

## 检查表

answer-given = { $item }：{ $value }
answer-changed = { $item }：{ $value }（原为 { $before }）
answer-cleared = { $item }：已清除
answer-by-evidence = “{ $item }”以实际记录作答
warn-implausible = { $value } 不常见，一般为 { $range }。已照常记录，请核对。

## 发现

ask-grumble = 听到了什么？
ask-finding = 发现了什么？
finding-number = 发现 { $number }
finding-reworded = 已修改
finding-withdrawn = 已撤回，原文仍可查看

ask-conduct = 属于哪类问题？
ask-restricted = 事情经过如何？
restricted-sealed = 已密封保存；下次同步时送达纪检监察人员
restricted-sealed-hint = 从此在本设备上任何人都无法阅读，包括您本人；也不会出现在走访记录中。
restricted-no-key = 尚无可用于密封的密钥
restricted-no-key-hint = 请先联网同步一次，再行反映。未记录任何内容。
undo-restricted-hint = 内容已密封，只有纪检监察人员可以处理；如有不实之处，请另行说明。
code-conduct-solicitation = 吃拿卡要
code-conduct-obstruction = 刁难客户
code-conduct-falsification = 弄虚作假
code-conduct-abuse = 威胁、辱骂或打击报复
code-conduct-other = 其他行风问题

## 表计

ask-reading = 总示数，按显示填写
ask-rollover = 计度器是否已走满归零？
reading-below-last = { $value } 小于上次示数 { $last }：可能是输错、换表，或计度器走满归零（那样用量为 { $used }）
reading-below-last-hint = 请核对数字。若示数无误而档案中的上次示数有误：--confirm-below；若已走满归零：--confirm-rollover；若不是同一块表：--meter <表号>。
ask-below-last = 示数是否无误，而档案中的上次示数有误？
warn-below-last = { $value } 小于档案中的上次示数 { $last }：其中之一有误，办公室会看到两者
reading-one-correction = 更正只针对一个示数，请只写一个 --register
reading-used = 自上次示数 { $last } 以来用量 { $used }
reading-used-since = 自{ $since }（{ $last }）以来用量 { $used }
reading-rolled-over = 计度器已走满归零。
warn-reading-photo = 客户自报的示数需要照片：先 field photo add <文件> --tag display，再用 --photo
warn-register-unknown = { $register } 不是已知的示数类型：{ $known }。已照样记录；更正请用：field meter withdraw
warn-register-shape = { $value } 与档案中的计度器位数（{ $shape }）不符
warn-register-sum = 分时示数之和为 { $sum }，总示数为 { $total }
warn-above-connection = 自上次以来该线路最多只能用 { $ceiling } kWh，请核对示数
warn-other-meter = 现场表号 { $found }，档案表号 { $booked }
other-utility = { $visit } 在档案中的业务类别是{ $utility }，而这是{ $check }
other-utility-fitting = 与档案相符的命令：{ $command }
other-utility-hint = 若档案有误，或现场另有此类表计：加上 { $option }。业务人员两者都能看到。
other-utility-meter = 不采用档案中表计的表号、等级和常数；填写表号：--meter
ask-other-utility = 仍要记录吗？
code-check-of-power = 电能表检验
code-check-of-gas = 燃气检测
code-register-total = 总
code-register-sharp = 尖
code-register-peak = 峰
code-register-flat = 平
code-register-valley = 谷
ask-seal-position = 封印在哪里？
ask-seal-state = 封印状况如何？
ask-seal-fitted = 新封印编号
seal-line = { $position }封印：{ $state }
seal-fitted = { "" } · 新封印 { $number }
warn-seal-number = 没有记录封印编号：--no
code-method-watt-second = 瓦秒法
code-method-reference-energy = 标准表法
code-method-register-run = 走字法
code-method-pulse-comparison = 脉冲比较法
code-method-power-comparison = 功率比较
code-method-readings = 多次误差平均
check-seconds = 理论 { $expected } 秒 · 实测 { $measured } 秒
check-pulses = 理论 { $expected } 个脉冲 · 实数 { $measured } 个
check-multiplier = { "" } · 倍率 { $multiplier }，表端功率 { $watts } W
check-spread = 极差 { $spread } %
check-rounded = 误差 { $error } %（未化整 { $unrounded } %）
check-unrounded = 误差 { $error } %
check-line = { $error }，限值 { $limit }：{ $verdict }
check-line-no-limit = { $error }：{ $verdict }
check-saved = 检验 { $check }
warn-check-implausible = 误差如此之大，多半是录入有误：请核对常数、脉冲数、时间和功率。已照样记录
check-mean = { $runs } 次平均：{ $line }；极差 { $spread } %
check-unreadable = { $method }：由其他版本记录，此处无法计算结果
check-stop-below-start = 示数从 { $start } 降到 { $stop }，请核对
check-run-count = 取平均需要 2 至 { $max } 个误差，现有 { $found } 个
check-mixed-classes = 各次检验的等级不同：{ $first } 和 { $other }
verdict-pass = 合格
verdict-fail = 超差
verdict-screening = 仅为筛查，不下结论
verdict-screening-within = 筛查在限值内
verdict-screening-outside = 筛查超出限值，应送检
verdict-unsuitable-load = 负荷不满足，不下结论
verdict-no-limit = 没有适用限值，不下结论
verdict-incomplete = 试验不完整，不下结论
reason-stopwatch-short = 手动计时 { $seconds } 秒，下结论至少需要 { $needed } 秒，请多数一些脉冲
reason-stopwatch-class = 该等级的电表不能用秒表判定
reason-screens-wiring = 功率比较用于发现接线错误，不能检验准确度
reason-expired = 标准表检定已于 { $date } 到期
reason-reference-class = 标准表（{ $class } 级）没有比被检表高两个等级
reason-current-small = 电流过小：为基本电流的 { $found }，需要 { $needed }
reason-current-max = 电流超过铭牌最大电流
reason-power-factor = 功率因数过低：至少 { $needed }
reason-class-not-covered = 此方案没有该等级的限值
reason-load-not-covered = 此方案没有该负荷点的限值
reason-load-not-recorded = 未记录负荷（--current、--power-factor），无法核对负荷是否足够
reason-inductive = 功率因数按感性处理
reason-not-verified = 这些限值凭记忆录入，未读过原文，据此下结论前请确认

## 燃气与隐患

gas-nothing-measured = 没有任何测量：至少给出一个测点或接头
gas-point = { $flow } m³/h：误差 { $error } %，限值 { $limit }
gas-drop = 压降 { $drop } mbar，限值 { $limit } mbar
gas-volume = 系统容积 { $volume } m³，置换 { $purge } m³
gas-reason-flow = 有测点流量超出表的范围
gas-reason-one-sign = 误差全部同号，此时限值为 { $limit } %
gas-reason-dropped = 压力下降
gas-reason-rose = 压力上升，请待稳定后重测
gas-reason-too-low = 试验压力过低：需要 { $needed }
gas-reason-short = 时间过短：需要 { $needed } 分钟
gas-reason-let-by-missing = 缺少阀门内漏试验：--let-by
gas-reason-let-by-pressure = 阀门内漏试验需要 { $lowest } 到 { $highest } mbar
gas-reason-lets-by = 阀门内漏
gas-reason-pipework-missing = 还须单独试验管道：--pipework-run
gas-reason-pipework-dropped = 单独试验管道时压力下降
gas-reason-volume = 系统容积超出规则适用范围
gas-reason-joints = 漏气部位：{ $places }
code-gas-test-meter-error = 燃气表检验
code-gas-test-uk-tightness = 严密性试验
code-gas-test-cn-pressure = 压力试验
code-gas-test-leak-check = 检漏
code-leak-method-soap = 皂液
code-leak-method-detector = 检测仪
ask-hazard = 哪种隐患？
hazard-too-low = “{ $hazard }”为 { $level }，只有审核人可以调低等级
warn-urgent = 立即处理：现场停气（停电），书面告知，联系抢修
ask-notice-number = 告知书编号
ask-notice-delivered = 如何送达？
notice-line = 告知书 { $number } · { $delivered }
notice-left = 还有 { $count } 项隐患需要书面告知
warn-notice-photo = 缺少告知书照片：field photo add <文件> --tag notice

## 照片

ask-photo-role = 拍的是什么？
ask-photo-old = 仍然保留？
photo-count = { $count } 张照片
photo-left-out = 有 { $count } 个文件未保存，其余均已保存
photo-taken = 拍摄于 { $time }
photo-already = { $file } 已经有了：照片 { $number }
photo-is-here = 该照片完整保存在本设备，不能声明丢失
photo-again = { $file } 已恢复完整：照片 { $number } 等待上传
photo-waiting = 待上传
photo-partly = 已上传 { $percent } %
photo-arrived = 已送达
code-photo-refusal-upload-hash-differs = 本机副本已损坏，请重新添加照片：field photo add <文件>
code-photo-refusal-upload-claim-differs = 与所记录的照片不符，请重新添加照片：field photo add <文件>
code-photo-refusal-upload-too-large = 超过服务器允许的大小
photo-refused = 被拒：{ $reason }
photo-unavailable = 已声明丢失
photo-declared = 已声明丢失，办公室不再等待
photo-not-here = 那张照片是用另一台设备拍的
photo-has-arrived = 那张照片已在服务器上
photo-old-hint = 仍要保留：--allow-old
not-a-photo = { $file } 不是照片：其内容为 { $found }
not-a-photo-hint = 接受 JPEG、PNG、WebP 和 HEIC，以内容为准，与文件名无关。
file-empty = 空文件
warn-photo-old = 拍摄时间比本次核查开始早 { $before }
warn-photo-future = 相机时间比现在晚 { $by }，相机时钟有误。已保留，办公室会看到两个时间。
warn-photo-far = 相机位置距地址 { $distance }
warn-photo-elsewhere = 同一张照片已记录在 { $visit }

## 用户

ask-statement = 用户如何陈述？
statement-saved = 陈述（{ $from }），哈希 { $hash }…
statement-size = 陈述不能为空，且不超过 { $max } kB
signed-statement = 于 { $time } 签字，哈希 { $hash }…，针对陈述
signed-visit = 于 { $time } 签字，哈希 { $hash }…，针对整次核查
ask-promise = 承诺了什么？
ask-due = 期限？

## 投诉

ask-summary = 用户怎么说？
ask-address = 地址？
ask-utility = 业务类别？
ask-category = 分类？
code-utility-power = 电力
code-utility-gas = 燃气
code-utility-telecom = 通信
code-utility-water = 供水
complaint-opened = 给用户的编号：{ $number }。核查已开始，现为 @
complaint-number-hint = 办公室给出正式编号后，此编号仍然有效。
complaint-reported = 给用户的编号：{ $number }。已保存，下次同步时送到办公室。
grumble-saved = 已保存，下次同步时送到办公室

## 搜索

search-empty = 请写要找的内容
search-nothing = 没有找到 { $query }
code-place-assignment = 投诉
code-place-checklist = 检查表
code-place-answers = 检查项
code-place-findings = 发现
code-place-readings = 示数
code-place-seals = 封印
code-place-photos = 照片
code-place-promises = 承诺
code-place-hazards = 隐患
code-place-notices = 告知
code-place-note = 备注
code-place-cause-text = 原因

gas-reason-flow-unknown = 限值取决于流量：请补充每次用气的秒数和铭牌流量
gas-volume-missing = 允许压降取决于容积：请写 --volume，或 --pipe 和 --meter-volume
help-gas-tightness--volume = 系统容积（m³）；不写则由管道和表计算

## 与服务器联系

net-setup = 本机无法建立安全连接：{ $error }
net-unreachable = 无法连接 { $server }（{ $reason }）
net-broke = 与 { $server } 的连接中断（{ $reason }）
net-silent = { $server } 没有应答
net-stranger = { $server } 处应答的不是 Fieldloop 服务器
net-stranger-hint = 是否是需要登录页面的网络？请先登录，或换一个网络。
net-busy = 服务器繁忙
net-refused = 服务器拒绝本设备：{ $reason }
net-server-failed = 服务器出错：{ $reason }
net-forgotten = 服务器不认识本设备：它可能已从本设备注册之前的备份恢复
net-forgotten-hint = 请勿删除任何内容。请向办公室索取邀请，并在同一文件夹中运行：field enrol <链接或短码>。随后 field sync 会重新发送服务器丢失的全部内容，包括照片。
net-revoked = 办公室已撤销本设备
net-revoked-hint = 您记录的内容仍保存在本机，并已移交核查。请向办公室索取新的邀请。
net-other-server = 该地址应答的不是本设备登记的服务器
net-unreadable = 无法读取服务器的应答
net-stuck = 服务器有应答，但没有进展
contact-nothing = 请说明更正内容：--name、--phone 或 --address
contact-phone = 电话号码至少 7 位数字
contact-asked = 更正将在下次同步时发送
contact-reviewed = 原有内容保留在记录中，由审核人核实此更改。
net-suspended = 办公室已暂停本设备
net-no-technician = 您已不具有技术员角色：服务器不接收本设备的内容
net-no-technician-hint = 没有丢失任何内容。请联系办公室；恢复角色后，field sync 会发送全部内容。
net-suspended-hint = 请继续记录，并联系办公室；恢复后运行 field sync 即可全部发送。
net-wiped = 按办公室的命令，本设备上的内容已全部删除；尚未上传的内容已先行移交
net-wiped-unreported = 办公室尚不知情：请在有网络处运行 field sync。
net-wiped-hint = 如需继续使用本设备，请向办公室索取邀请，然后运行：field enrol <链接或短码>
net-wipe-waits = 办公室命令删除本设备上的全部内容，但尚未收齐您记录的内容
net-wipe-waits-hint = 没有删除任何内容。请告知办公室，并再次运行 field sync。
net-running = 本设备上已有 field sync 在运行
net-safe = 您记录的内容都安全地保存在本设备上。
net-disk-full = 磁盘已满，服务器发来的内容无法保存
net-not-kept = 磁盘已满：服务器已收下本设备发送的内容，但答复无法保存在本机
net-disk-full-hint = 请腾出空间，下次 field sync 会接着进行。
net-again = 下次 field sync 会自动重试，无需重做。

## 登记

enrol-ask-server = 服务器地址
enrol-cut = 链接不完整：缺少 # 之后的部分
enrol-cut-hint = 请复制完整链接，或输入短码并加上 --server
enrol-confirm = 本设备已登记为 { $device }。重新登记吗？已记录的内容会保留。
enrol-already = 本设备已登记为 { $device }
enrol-already-hint = 第二台设备需要另一个文件夹：FIELD_HOME=<文件夹> field enrol …
enrol-done = 已登记：{ $device }，{ $person }，{ $server }
enrol-key = 密钥 { $fingerprint } 只保存在本设备。若丢失设备，请让办公室撤销它。
enrol-other-person = 该邀请属于其他人员，而此文件夹中有 { $person } 的 { $acts } 项记录尚未进入档案。此处未作任何更改
enrol-other-person-hint = 该邀请仍然有效：请在单独的文件夹中使用，FIELD_HOME=<文件夹> field enrol <链接>。{ $person } 在此文件夹重新注册后，这里的记录会继续上传。
enrol-carried = { $count } 项尚未送达的记录将以新身份发送

## 同步

sync-sent = ↑ 记录 { $count }   { $bytes }   { $seconds } 秒
sync-fetched = ↓ 新核查 { $visits } · 资料 { $items }   { $bytes }
sync-others = ↓ { $person } 在 { $visit } 上有 { $count } 项改动
sync-visit-lost = { $visit } 已不归您负责；您在其上的记录照样送达
sync-visit-cancelled = { $visit } 已取消（{ $cancelled }）；您在其上的记录照样送达
sync-new-epoch = 服务器已从备份恢复（历史 { $epoch }）；本设备会补回它缺少的内容
sync-restored = 服务器已从备份恢复，缺少它曾确认的 { $count } 项记录；现重新发送
sync-given-back = 已向服务器补回 { $count } 条它丢失的同事记录
sync-quarantined = 服务器搁置了 { $visit } 的 { $count } 项记录（{ $reason }），由办公室决定
sync-held-back = 办公室尚有过多本设备的搁置记录待决定：{ $acts } 项记录暂留本机，处理后再发送
sync-reissued = 其后的 { $count } 项记录已重新写入
sync-command-refused = 服务器拒绝了 { $count } 项请求（{ $what }）：{ $reason }
sync-complaint-refused = 您在此次核查中的记录照样送达。办公室会在“无投诉的现场工作”中看到并关联；用户手中的编号一并保留。
sync-command-done = 办公室已收到（{ $what }）：{ $reference }
sync-rework = { $visit } 被办公室退回：{ $reason }
sync-receipt = { $visit }   服务器已有 { $at } 之前的全部内容
sync-receipt-photos = { $visit }   服务器已有 { $at } 之前的全部内容，照片 { $arrived }/{ $named }
sync-photo = ↑ 照片 { $number }/{ $total }  { $file }   { $size }
sync-photo-refused = 服务器不接受 { $file }：{ $reason }
sync-photo-lost = 本设备上 { $file } 的副本无法读取
sync-photos-failed = { $count } 张照片未送达
sync-kept = 保存在本设备：记录 { $acts } 项，照片 { $photos } 张
sync-waiting = 正在等待服务器…
sync-acts-left = 还有 { $count } 项记录未送达服务器。请再次运行 field sync。
sync-done = 已是最新。在下次同步之前可以离线工作。
sync-conflicts = { $count } 处冲突需要人工处理
sync-stopped-early = 已停止。全部内容保存在本设备。
sync-stopped = 已停止。已送达照片 { $arrived } 张；待上传 { $waiting } 张，下次从中断处继续。
sync-stopped-at = { $file }：服务器已有 { $sent }，共 { $total }（{ $percent } %）
code-author-office = 办公室

## 状态

status-synced = 上次同步 { $at }（{ $ago }前）
status-never-synced = 从未同步
status-outbox = 待上传   改动 { $acts } 项（{ $bytes }）· 照片 { $photos } 张（{ $photobytes }）
status-outbox-empty = 本机记录已全部送达
status-outbox-rest = 没有等待上传的内容；被搁置的内容见下
status-visits = 核查     已完成 { $finished } · 进行中 { $running } · 待办 { $planned }
status-conflicts = 冲突     { $count }：field conflicts
status-settled = 已在现场选定、待办公室裁定的冲突：{ $count }（field conflicts）
status-quarantined = 被服务器搁置：{ $count }，由办公室决定：field outbox
status-escrowed = 被服务器搁置、未进入记录：{ $count } 项：field outbox
status-photos-refused = 服务器拒绝的照片：{ $count }：field outbox
status-photos-lost = 本机副本无法读取的照片：{ $count } 张。请重新添加文件，或声明丢失：field photo unavailable
status-clock-ok = 时钟正常
status-clock-set = 时钟已重新设置，下次同步时比对
status-clock-unknown = 时钟尚未比对
status-disk = 磁盘剩余 { $free }
ready-yes = 可以离线工作：是
ready-no = 可以离线工作：否，缺少：{ $missing }
ready-restored = 此文件夹由备份恢复，需同步补回缺少的部分
ready-copied = 此文件夹是从别处复制的，不能在其中记录
ready-enrol-again = 新的邀请（此目录被复制并在两处使用）
ready-never-synced = 首次同步
ready-old = 新的同步（上次在 { $ago }前）
ready-checklist = { $visit } 的检查表 { $checklist }
ready-disk = 磁盘空间（剩余 { $free }）
ready-key = 本设备的密钥，没有它无法记录
ready-forgotten = 新的邀请（服务器不再认识本设备）
ready-revoked = 新的邀请（办公室已撤销本设备）
ready-clock-ahead = 校准时钟（本设备快了 { $by }）
ready-clock-behind = 校准时钟（本设备慢了 { $by }）

## 待上传、冲突、日志、撤回

outbox-photo = 照片 { $file }（{ $size }）
outbox-signature = 签名 { $file }（{ $size }）
outbox-paused = 已暂停上传；恢复请输入：field outbox retry
outbox-retry = 下次同步将重新发送；被拒照片 { $count } 张
conflicts-none = 没有冲突
conflict-unknown = 没有第 { $number } 处冲突
conflict-safe = 没有任何内容丢失，办公室能看到每个值。您可以说明哪个正确：
conflict-unwritable = 该值只能由办公室选定；可用 --keep both --why 加注
conflict-chosen = 已保存   { $value }；办公室会参考您的意见决定
undo-nothing = 没有可撤回的记录
undo-request = 最近一项是向办公室提交的请求：{ $what }，{ $time }。此处不能撤回
undo-request-hint = 未作任何更改。如系误操作请告知办公室；更早的记录请在原处更正，例如：field finding withdraw
undo-progress-hint = 未作任何更改。可以继续记录：未能入户之后用 field visit start，做完后再次 field visit finish
undo-reason = 撤回
act-withdrawn = { $what }（撤回）
act-reworded = { $what }（改写）
undo-done = 已撤回：{ $visit } 的 { $what }
undo-withdrawal = 撤回不能再撤销：已撤回的内容无法恢复
undo-withdrawal-hint = 如果原来的内容正确，请重新记录。没有任何改动。
undo-written-since = 这些内容之后都又被改写，没有任何改动
undo-left = 之后又被改写，保持原样：{ $path }
code-envelope-unsent = 仅在本机
code-envelope-stored = 已送达，待判定
code-envelope-merged = 已送达
code-envelope-merged-late = 迟到送达
code-envelope-quarantined = 被搁置
code-envelope-escrowed = 另行保管
code-envelope-lost = 已重写
code-envelope-undone = 已撤回
code-envelope-refused = 被拒绝
code-blob-waiting = 待上传
code-blob-refused = 被拒绝
code-blob-unavailable = 已丢失
code-act-visit-begin = 开始记录
code-act-change = 记录
code-act-command = 请求
code-act-restricted = 保密发现
code-act-reissue = 重新写入
code-act-chain-restart = 本机丢失后继续
code-place-seal-states = 封印状态
code-place-proposal = 建议
code-place-meter-checks = 表计检验
code-place-gas-tests = 燃气检测
code-place-statements = 陈述
code-place-signatures = 签名
code-place-progress = 核查
code-place-resolutions = 办公室裁定
code-place-hazard-lowered = 隐患降级
code-request-accept-work-order = 接受工单
code-request-decline-work-order = 拒绝工单
code-request-arrive = 到场
code-request-no-access = 未能进入
code-request-finish = 完成核查
code-request-open-complaint = 新建投诉
code-request-grumble = 抱怨
code-request-promise = 承诺
code-request-correct-contact = 联系信息
code-request-photo-unavailable = 照片丢失
code-quarantine-malformed = 无法读取
code-quarantine-too-large = 过大
code-quarantine-wrong-actor = 署名为他人
code-quarantine-not-author = 他人的记录
code-quarantine-office-only = 仅办公室可写
code-quarantine-forbidden-path = 不属于核查内容
code-quarantine-forbidden-operation = 不允许的操作
code-quarantine-forbidden-value = 不允许的值
code-quarantine-photos-differ = 照片未经声明
code-quarantine-depends-on-lost = 它所依据的内容在服务器恢复时丢失；本设备会重新写入
code-quarantine-depends-on-refused = 以被搁置的记录为基础
code-quarantine-document-full = 该核查已满
code-quarantine-wrong-sequence = 编号不连续
code-quarantine-bad-counter = 计数不连续
code-quarantine-unknown-actor = 来源未知
code-quarantine-unknown-object = 修改了未知内容
code-quarantine-bad-predecessor = 所依据的内容不存在
code-quarantine-entry-taken = 该条目已存在
code-quarantine-entry-incomplete = 条目缺少字段
code-quarantine-birth-differs = 到访起始内容不一致
code-quarantine-trial-failed = 无法合并
code-quarantine-out-of-scope = 该核查当时已不由您负责
code-quarantine-person-not-on-device = 本设备属于他人
code-quarantine-unreadable-body = 无法读取
code-quarantine-no-visit = 未指明核查
code-refusal-unknown-request = 服务器版本较旧
code-refusal-failed = 服务器未能执行，办公室可见
code-refusal-not-supported = 服务器不受理此类请求
code-refusal-address-missing = 缺少地址
code-refusal-category-unknown = 服务器没有这一类别
code-refusal-complaint-closed = 投诉已办结
code-refusal-complaint-taken = 服务器上已有此投诉
code-refusal-complaint-unknown = 此次核查尚无对应投诉
code-refusal-contact-invalid = 联系信息填写有误，无法采用
code-refusal-field-invalid = 填写的内容有误，无法采用
code-refusal-not-assigned = 此项工作从未派给您
code-refusal-number-taken = 临时编号已被占用
code-refusal-reason-missing = 缺少理由
code-refusal-reassigned = 已改派他人
code-refusal-refused = 办公室暂不能据此立案，内容已留存
code-refusal-state = 办公室已进入其他环节，可看到此请求
code-refusal-summary-missing = 缺少客户反映的内容
code-refusal-text-missing = 缺少文字内容
code-refusal-utility-unknown = 服务器没有这一专业
code-refusal-visit-approved = 办公室已审核通过此次核查
code-refusal-visit-begun = 核查已经开始
code-refusal-visit-cancelled = 办公室已取消此次核查
code-refusal-visit-state = 此次核查已进入其他环节
code-refusal-visit-taken = 此次核查属于另一投诉
code-refusal-visit-unknown = 办公室没有此次核查的记录
code-refusal-work-order-unknown = 办公室没有此工单

## 自检、导出

doctor-place-ok = 文件夹位置正确
doctor-damaged-hint = 不要删除任何内容：保留此文件夹并告知办公室。之前用 field sync 发送的内容在服务器上是安全的。要继续工作，请索取邀请并使用另一个文件夹：FIELD_HOME=<文件夹> field enrol <链接>
doctor-key-ok = 密钥可用
doctor-database-ok = 数据库完好
doctor-chain-ok = 记录 { $count } 项：可读、已签名、次序正确
doctor-chain-broken = 第 { $sequence } 项记录无法读取；下次同步会说明并重新发送其内容
doctor-documents-ok = 核查 { $count } 个：可读
doctor-documents-damaged = 无法读取的核查：{ $count }
doctor-photos-ok = 未送达照片 { $count } 张：完整
doctor-photos-lost = 本机副本缺失或损坏的照片：{ $count } 张（{ $files }）。请重新添加完好的文件（field photo add <文件>），或声明丢失：field photo unavailable
doctor-server-ok = { $server } 有应答
doctor-server-away = { $server } 现在没有应答；不影响离线工作
doctor-disk-low = ：少于 { $needed } 时照片可能存不下，请腾出空间
export-done = 已写入 { $file }（{ $size }）
placeholder-file = <文件>
placeholder-place = <部位>
placeholder-number = <编号>
placeholder-invitation = <邀请>
result-line = { $method }：{ $line }
file-missing = 没有这个文件或文件夹
file-forbidden = 没有读写权限
file-no-file = 这不是文件
file-disk-full = 磁盘已满
file-read-only = 磁盘为只读
file-no-folder = 路径中有一段不是文件夹
file-no-text = 内容不是 UTF-8 文本
file-other = 系统提示“{ $error }”
text-too-long = { $argument } 有 { $found } 个字符，最多 { $max } 个
file-unknown = 无法识别的格式
photo-taken-now = 拍摄于 { $time }（与本机时钟一致）
duration-years = { $years } 年
gas-verdict-pass = 合格
gas-verdict-fail = 不合格
prompt-keys = ↑↓ 移动 · 回车选择 · 输入文字可筛选 · Esc 取消
prompt-yes-or-no = 请回答 y（是）或 n（否）

## 位置、取值、网络障碍

conflict-both = 两者
conflict-recorded = 记录于 { $claimed }
conflict-received = 服务器收到于 { $at }
conflict-received-here = 本机收到于 { $at }
conflict-time-unknown = 本机不知道记录时间，办公室可以看到
conflict-photo = 照片 { $number }：{ $what }
conflict-settled = 已由 { $by } 在现场选定，待办公室裁定
conflict-taken-back = 已由 { $by } 在现场选定；办公室已撤回原裁定，将重新裁定：{ $reason }
log-begins = 列表自本机登记时（{ $at }）开始。更早的或在其他设备上的记录保存在服务器上，现有内容见：field visit show <编号>
log-newest = 以上为最新的 { $count } 项记录。查看某次核查的记录：field log <编号>
code-author-unknown = 本机未知的人员
code-part-verdict = 属实性
code-part-cause = 原因
code-part-responsibility = 责任
code-part-outcome = 处理结果
code-part-code = 代码
code-part-text = 内容
code-part-severity = 严重程度
obstacle-no-network = 没有网络
obstacle-name-unknown = 无法解析服务器名称，多半是没有网络
obstacle-nothing-listens = 对方没有运行服务
obstacle-timed-out = 超时无应答
obstacle-cut = 连接提前中断
obstacle-unencrypted = 对方未加密；如确属如此，地址请以 http:// 开头
obstacle-certificate = 证书不可信：{ $error }
enrol-code-hint = 短码不含服务器地址：field enrol <短码> --server <地址>；也可使用完整链接。
enrol-again-hint = 登记需要联网一次。请在邀请有效期内重试。

## 预览

sync-previews = ↑ 预览 { $count } 张   { $bytes }；办公室已可看到照片
photo-previewed = 预览已送达，原件待上传
warn-photo-damaged = 照片文件已损坏，无法完整显示。已保留；最好重新拍摄。
warn-photo-large = { $width } × { $height } 像素，过大而无法显示。已保留；最好重新拍一张较小的。

## 手册页

code-man-name = 名称
code-man-synopsis = 用法
code-man-description = 说明
code-man-version = 版本
code-man-exit = 退出码
code-man-variable = 环境变量
code-exit-0 = 完成。
code-exit-1 = 未完成，原因见提示。此前已保存的内容不受影响。
code-exit-2 = 命令行有误或缺少内容；没有记录任何内容。
code-exit-3 = 完成一部分：多张照片中有一张不能保存，或记录已送达而照片未送达。再运行一次即可接着完成，不会重复记录。
code-exit-4 = 本机尚未登记，或被服务器拒绝。
code-exit-5 = 无法连接服务器；所有内容都安全保存在本机。
code-exit-6 = 已完成，另有冲突需要人工处理。
code-exit-130 = 被 Ctrl-C 中止；已保存的内容不受影响。
code-variable-field-lang = 语言：en 或 zh-CN。
code-variable-field-home = 本机数据目录。
code-variable-no-color = 设置后不使用颜色。

## 知识库

know-none = 本机没有知识内容
know-none-unread = 本机的知识均已阅读
know-version = 第 { $version } 版
know-from = 自 { $from } 起有效
know-from-to = 有效期 { $from } 至 { $to }
know-public = 可告知用户
know-what-changed = 更新：{ $changes }
know-changed-today = 有 { $count } 篇知识在您阅读之后已更改：field know --unread
know-new-today = 有 { $count } 篇知识尚未阅读：field know --unread
code-know-new = 未读
code-know-changed = 阅读后已更改
code-article-kind-article = 知识文章
code-article-kind-faq = 常见问题
code-article-kind-wording = 统一口径
code-article-kind-case = 案例
code-place-article = 知识
column-title = 标题
column-kind = 类型
column-news = 动态
promise-rests-on = 依据 { $number } 第 { $version } 版
promise-rests-on-none = 不依据知识
promise-article-changed = { $number } 在第 { $version } 版之后已更改，请告知用户现行内容
promise-article-gone = 所依据的知识已失效，请告知用户现行内容
ask-article = 依据哪一篇知识？
article-hint = 知识编号见：field know
value-article = 知识编号

## Experts

ask-skill = 由哪个专业答复？
ask-question = 要问什么？
expert-asked = 提问将随下次同步送达专家坐席
expert-due-hint = 自办公室收到提问起 30 分钟内（或按其规则）答复，随之后的同步送达：field expert list
expert-none = 本机各次核查均没有向专家提问
expert-due = { $due } 前答复
expert-overdue = 已逾期，时限 { $due }
expert-answer = 答复：{ $answer }  （{ $who }，{ $at }）
expert-answered = 专家已答复 { $visit } 的提问：field expert list
title-experts = 专家坐席
code-expert-open = 待受理
code-expert-taken = 专家已受理
code-expert-answered = 已答复
code-expert-withdrawn = 已撤回
code-expert-waiting = 尚未送达
code-expert-done = 办公室已收到
code-expert-refused = 未受理
code-request-ask-expert = 咨询专家
code-refusal-skill-unknown = 服务器没有此专业；同步后请查看 field expert ask 列出的专业
code-refusal-question-invalid = 问题为空或过长
