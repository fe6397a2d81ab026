//! All kinds of problems, one line of meaning each. `docs/problems.md` is made from this list.
//!
//! A capability adds its kinds in its own block. Details say what to do next.

use super::ProblemType;

macro_rules! problems {
    ($($name:ident: $status:literal $code:literal
        en $en_title:literal $en_detail:literal
        zh $zh_title:literal $zh_detail:literal;)*) => {
        $(
            #[doc = concat!("`", $code, "`: ", $en_title)]
            pub static $name: ProblemType = ProblemType {
                code: $code,
                status: $status,
                en: ($en_title, $en_detail),
                zh: ($zh_title, $zh_detail),
            };
        )*
        /// Every kind of problem the server can answer with.
        pub static TYPES: &[&ProblemType] = &[$(&$name),*];
    };
}

problems! {
    // Any request.
    INTERNAL: 500 "internal"
        en "The server failed" "Try again. If it happens again, give the request id to your administrator."
        zh "服务器出错" "请重试。如再次出现，请把请求编号告知管理员。";
    NOT_FOUND: 404 "not-found"
        en "There is nothing at this address" "Check the address."
        zh "此地址没有内容" "请检查地址。";
    METHOD_NOT_ALLOWED: 405 "method-not-allowed"
        en "This address does not take this method" "See the Allow header."
        zh "此地址不支持该方法" "请查看 Allow 响应头。";
    BODY_INVALID: 422 "body-invalid"
        en "The request body cannot be understood" "Correct the fields named in errors, or see the API document."
        zh "无法理解请求内容" "请更正 errors 中列出的字段，或查阅接口文档。";
    QUERY_INVALID: 400 "query-invalid"
        en "The request cannot be understood" "Correct path and query parameters, headers and the form of the body; see the API document."
        zh "无法理解该请求" "请更正路径、查询参数、请求头和内容格式；参见接口文档。";
    MEDIA_TYPE_UNKNOWN: 415 "media-type-unknown"
        en "The body has another media type than expected" "See the API document for the media type of this address."
        zh "请求内容的媒体类型不符" "请在接口文档中查看此地址要求的媒体类型。";
    BODY_TOO_LARGE: 413 "body-too-large"
        en "The request body is too large" "Send less in one request."
        zh "请求内容过大" "请减少单次请求的数据量。";
    PRECONDITION_FAILED: 412 "precondition-failed"
        en "Somebody else changed this in the meantime" "Read it again and decide anew."
        zh "内容已被他人更改" "请重新读取后再决定。";
    REQUEST_TIMED_OUT: 408 "request-timed-out"
        en "The request took too long" "Repeat it; whatever was acknowledged is safe."
        zh "请求超时" "请重试；已确认的内容不会丢失。";
    TOO_MANY_REQUESTS: 429 "too-many-requests"
        en "Too many requests" "Wait as long as Retry-After says."
        zh "请求过多" "请按 Retry-After 指示的时间等待。";
    STORE_BUSY: 503 "store-busy"
        en "The server is busy" "Repeat the request after the time in Retry-After."
        zh "服务器繁忙" "请在 Retry-After 指示的时间后重试。";
    DATABASE_AWAY: 503 "database-away"
        en "The server cannot reach its database" "Nothing was lost: repeat the request later. An administrator has to look after the database."
        zh "服务器无法连接数据库" "没有丢失任何内容：请稍后重试，并请管理员检查数据库。";
    STORAGE_FULL: 507 "storage-full"
        en "The server's disk is full" "Nothing was lost: keep the data and try later. Tell your administrator."
        zh "服务器磁盘已满" "数据没有丢失：请保留并稍后重试，同时告知管理员。";
    STOPPING: 503 "stopping"
        en "The server is being restarted" "Repeat the request after the time in Retry-After."
        zh "服务器正在重启" "请在 Retry-After 指示的时间后重试。";

    // Signing in: people and devices.
    TOKEN_MISSING: 401 "token-missing"
        en "Not signed in" "Sign in, or send the token in the Authorization header."
        zh "尚未登录" "请登录，或在 Authorization 请求头中提供令牌。";
    TOKEN_INVALID: 401 "token-invalid"
        en "This token is not valid here" "Send a new assertion. If that is refused too, ask the office about this device."
        zh "令牌在此服务器无效" "请发送新的断言；若仍被拒绝，请联系办公室核实此设备。";
    TOKEN_EXPIRED: 401 "token-expired"
        en "The token has expired" "Send an assertion to get a new one."
        zh "令牌已过期" "请发送断言以获取新令牌。";
    ASSERTION_REPLAYED: 401 "assertion-replayed"
        en "This assertion was used before" "Make a new one for each use."
        zh "该断言已被使用" "每次使用请生成新的断言。";
    NONCE_NEEDED: 401 "nonce-needed"
        en "The device's clock is off" "Make a new assertion with the nonce given here; correct the clock by server_time_ms."
        zh "设备时钟偏差过大" "请用此处给出的 nonce 生成新断言，并按 server_time_ms 校正时钟。";
    GRANT_UNKNOWN: 400 "grant-unknown"
        en "This kind of token request is not served" "Send grant_type client_credentials with a JWT assertion of the device."
        zh "不支持此类令牌请求" "请以设备的 JWT 断言发送 grant_type client_credentials。";
    SIGN_IN_FAILED: 401 "sign-in-failed"
        en "Name or password is wrong" "Check both. After several failures you must wait a while."
        zh "用户名或密码错误" "请核对后重试；多次失败后需等待一段时间。";
    SESSION_OVER: 401 "session-over"
        en "The session is over" "Sign in again."
        zh "会话已结束" "请重新登录。";
    CROSS_SITE: 403 "cross-site"
        en "The request came from another site" "Use the pages of this server, or a token in the Authorization header."
        zh "请求来自其他网站" "请使用本服务器的页面，或在 Authorization 请求头中提供令牌。";
    ROLE_MISSING: 403 "role-missing"
        en "You may not do this" "Ask an administrator for a role that may do it."
        zh "您没有此操作的权限" "请向管理员申请相应的角色。";

    // People.
    PERSON_UNKNOWN: 404 "person-unknown"
        en "Nobody is known by this id" "See the list of people."
        zh "没有此人员" "请查看人员列表。";
    LOGIN_TAKEN: 409 "login-taken"
        en "This login name is in use" "Choose another one."
        zh "该登录名已被使用" "请另选一个。";
    LAST_ADMINISTRATOR: 409 "last-administrator"
        en "Nobody would be left to administer" "Give somebody else the role of an administrator first."
        zh "将没有管理员可用" "请先授予他人管理员角色。";

    // Devices.
    DEVICE_UNKNOWN: 404 "device-unknown"
        en "No device has this id" "See the list of devices."
        zh "没有此设备" "请查看设备列表。";
    DEVICE_NOT_ENROLLED: 401 "device-not-enrolled"
        en "This device is not enrolled here" "Enrol it; what it holds is kept and can be sent afterwards."
        zh "此设备未在本服务器登记" "请登记此设备；其中的内容会保留，登记后可发送。";
    KEY_IN_USE: 409 "key-in-use"
        en "This key belongs to a device already" "Make a new key for each enrolment."
        zh "此密钥已属于另一设备" "每次登记请生成新密钥。";
    DEVICE_REVOKED: 403 "device-revoked"
        en "This device has lost its access" "Hand over what it holds by an exchange, and ask the office."
        zh "此设备的访问权限已被撤销" "请通过一次交换交出其内容，并联系办公室。";
    DEVICE_SUSPENDED: 403 "device-suspended"
        en "This device is suspended" "Keep what it holds and go on recording; the office can resume the device or give its person access again, then everything is sent."
        zh "此设备已被暂停" "请保留其中内容并继续记录；办公室恢复设备或其人员后即可全部发送。";
    TECHNICIAN_ROLE_MISSING: 403 "technician-role-missing"
        en "The person of this device is no technician any more" "Keep what it holds; an administrator can give the role back under People, then everything is sent, or revoke the device, then what it holds is handed over for examination."
        zh "此设备的人员不再具有技术员角色" "请保留其中内容；管理员可在「人员」中恢复该角色，之后即可全部发送；或撤销该设备，之后其内容会移交核查。";
    DEVICE_BARRED: 409 "device-barred"
        en "This cannot be done with a device that is revoked or wiped" "Look at the state of the device."
        zh "已撤销或已清除的设备不能这样处理" "请查看设备状态。";
    INVITATION_INVALID: 422 "invitation-invalid"
        en "This code is not valid" "Check it. Codes are good for a few minutes, once, and bear few wrong tries; ask for a new one."
        zh "该登记码无效" "请核对。登记码仅在数分钟内有效、只能使用一次且错误次数有限；请索取新码。";
    INVITATION_OF_ANOTHER: 409 "invitation-of-another"
        en "This invitation is for somebody else" "It is still good: use it where nothing of another person waits to be sent."
        zh "该邀请属于其他人员" "该邀请仍然有效：请在没有他人待传记录的位置使用。";
    PROOF_INVALID: 422 "proof-invalid"
        en "The device did not prove that it holds its key" "Repeat the enrolment; if it fails again, update the client."
        zh "设备未能证明持有其密钥" "请重新登记；若再次失败，请更新客户端。";

    // Evidence.
    UPLOAD_VERSION_UNKNOWN: 412 "upload-version-unknown"
        en "This version of the upload protocol is not spoken" "Send Tus-Resumable: 1.0.0."
        zh "不支持该上传协议版本" "请发送 Tus-Resumable: 1.0.0。";
    UPLOAD_HEADER_INVALID: 400 "upload-header-invalid"
        en "A header of the upload is missing or wrong" "Correct the header named in header; expected says what would do."
        zh "上传请求头缺失或有误" "请更正 header 中列出的请求头；expected 说明了要求。";
    UPLOAD_UNKNOWN: 404 "upload-unknown"
        en "This device has no such upload" "Announce the photo again; what is here already is not sent twice."
        zh "此设备没有该上传" "请重新登记该照片；已有的内容不会重复传输。";
    UPLOAD_EXPIRED: 410 "upload-expired"
        en "The upload was left alone for too long" "Announce the photo again."
        zh "上传闲置过久，已过期" "请重新登记该照片。";
    UPLOAD_OFFSET_DIFFERS: 409 "upload-offset-differs"
        en "The server expects another part of the photo" "Continue at expected_offset."
        zh "服务器需要照片的另一部分" "请从 expected_offset 继续。";
    UPLOAD_SUPERSEDED: 409 "upload-superseded"
        en "A newer request continues this upload" "Nothing to do; what this request brought is kept."
        zh "已有新的请求在继续此上传" "无需处理；本次请求已到的内容会保留。";
    UPLOAD_INTERRUPTED: 408 "upload-interrupted"
        en "The photo stopped arriving" "Ask for the offset and continue; what arrived is kept."
        zh "照片传输中断" "请查询偏移量后继续；已到的内容会保留。";
    UPLOAD_TOO_LARGE: 413 "upload-too-large"
        en "This is larger than it may be" "bytes_max says how large it may be. The original stays on the device."
        zh "文件超过大小上限" "bytes_max 为上限；原件仍保留在设备上。";
    UPLOAD_QUOTA: 429 "upload-quota"
        en "This device has too many unfinished uploads" "Finish or delete some of them, and send the records first."
        zh "此设备未完成的上传过多" "请先完成或删除部分上传，并先同步记录。";
    UPLOAD_CHECKSUM_DIFFERS: 460 "upload-checksum-differs"
        en "This part of the photo was damaged on its way" "Send it again; nothing of it was kept."
        zh "照片的这一部分在传输中损坏" "请重新发送；未保留其内容。";
    UPLOAD_HASH_DIFFERS: 422 "upload-hash-differs"
        en "The bytes are not the photo that was announced" "The photo was changed or damaged on the device or on its way. Check the file; announce it again to send it anew."
        zh "内容与登记的照片不一致" "照片在设备上或传输中被更改或损坏。请检查文件；重新登记后可再次发送。";
    PHOTO_UNKNOWN: 404 "photo-unknown"
        en "The bytes of this photo are not here" "See the photos of the visit: they may still be on their way."
        zh "此处没有该照片的内容" "请查看该次上门的照片列表；照片可能仍在传输中。";
    PREVIEW_MISSING: 404 "preview-missing"
        en "There is no picture of this to show" "reason says why; the original can be opened."
        zh "没有可显示的图片" "原因见 reason；可打开原件查看。";
    CONTACT_FLAG_SETTLED: 409 "contact-flag-settled"
        en "This was settled already" "Look at the record again."
        zh "此标记已处理" "请重新查看记录。";
    PHOTO_ARRIVED: 409 "photo-arrived"
        en "This photo is here" "Look at it again."
        zh "这张照片已送达" "请重新查看。";
    PHOTO_UNCLAIMED: 404 "photo-unclaimed"
        en "No signed record of this device names this photo" "Send the records first, then previews of the photos that they name."
        zh "本设备的签名记录中没有这张照片" "请先发送记录，再发送其中照片的预览。";
    PREVIEW_UNUSABLE: 422 "preview-unusable"
        en "This preview cannot be shown" "reason says why. Send the original: it is evidence whatever it is."
        zh "该预览无法显示" "原因见 reason；请直接发送原件，原件无论如何都会作为证据保存。";
    UPLOAD_CLAIM_DIFFERS: 422 "upload-claim-differs"
        en "The signed record gives this photo another size" "The file was changed after it was recorded. claimed_bytes is the recorded size."
        zh "与已签名记录中的照片大小不符" "文件在记录后被更改。claimed_bytes 为记录的大小。";
    // The exchange and its quarantine.
    EXCHANGE_UNREADABLE: 400 "exchange-unreadable"
        en "The body is no exchange" "Send a zstd-compressed CBOR sequence of frames that begins with a beacon; see docs/protocol.md."
        zh "请求内容不是有效的交换数据" "请发送以信标帧开头、经 zstd 压缩的 CBOR 帧序列；参见 docs/protocol.md。";
    PROTOCOL_UNKNOWN: 426 "protocol-unknown"
        en "This version of the exchange is not spoken here" "Update the client; what it holds is kept and sent afterwards."
        zh "服务器不支持此版本的交换协议" "请更新客户端；其中的内容会保留，更新后再发送。";
    QUARANTINE_UNKNOWN: 404 "quarantine-unknown"
        en "No item in quarantine has this id" "See the list of quarantined items."
        zh "没有此编号的隔离项" "请查看隔离列表。";
    QUARANTINE_DECIDED: 409 "quarantine-decided"
        en "This item was decided before" "Read it again: its state is given here."
        zh "该隔离项已作出决定" "请重新读取；此处给出其状态。";
    QUARANTINE_WAITS: 409 "quarantine-waits"
        en "This item cannot be judged now" "It may build on another item: decide about that one first, then try again."
        zh "该隔离项暂时无法判定" "它可能依赖另一隔离项：请先处理后者，然后重试。";
    QUARANTINE_GROUND_LOST: 409 "quarantine-ground-lost"
        en "What this item builds on is lost" "The server was restored from a backup, and no device has brought it again. Send the item back: the device of its author then writes it anew at its next exchange."
        zh "该隔离项所依据的内容已丢失" "服务器曾从备份恢复，尚无设备补回该内容。请退回该项：记录人的设备在下次同步时会重新写入。";
    ESCROW_CANNOT_ENTER: 422 "escrow-cannot-enter"
        en "This cannot be taken up into the record" "The member reason says why: recorded after the revocation, under a number that the log holds otherwise (forked), or without content. Reject it; it stays as evidence, and its author can record it anew."
        zh "该内容无法采入记录" "成员 reason 说明原因：撤销之后的记录、日志中同一编号下已有另一项内容（forked），或没有内容。请拒绝；它仍作为证据保留，记录人可重新记录。";
    QUARANTINE_CANNOT_ENTER: 422 "quarantine-cannot-enter"
        en "This item cannot enter the record" "It would damage the visit, or holds nothing that could enter. Reject it; it stays as evidence."
        zh "该隔离项无法并入记录" "它会损坏现场记录，或没有可并入的内容。请予以驳回；原件仍作为证据保留。";
    // Complaints, work orders, review.
    IDEMPOTENCY_KEY_INVALID: 400 "idempotency-key-invalid"
        en "The Idempotency-Key cannot be used" "Send 1 to 128 visible ASCII characters, for example a UUID."
        zh "幂等键无效" "请使用 1 至 128 个可见 ASCII 字符，例如 UUID。";
    IDEMPOTENCY_KEY_REUSED: 422 "idempotency-key-reused"
        en "This Idempotency-Key was used for another request" "Use a new key for a new request."
        zh "该幂等键已用于另一请求" "新的请求请使用新的幂等键。";
    COMPLAINT_UNKNOWN: 404 "complaint-unknown"
        en "There is no such complaint" "Check the number; it may belong to a unit or a region outside your roles."
        zh "没有这件投诉" "请核对编号；它也可能属于您权限之外的单位或区域。";
    COMPLAINT_STATE: 409 "complaint-state"
        en "The complaint cannot take this step now" "See its state; steps that are possible are listed with the record."
        zh "投诉当前状态不允许此操作" "请查看其状态；可执行的操作列在记录中。";
    COMPLAINT_BLOCKED: 409 "complaint-blocked"
        en "Something about the complaint is still open" "Settle what is listed in blockers, or override it with a reason."
        zh "投诉尚有未了事项" "请先处理 blockers 中所列事项，或说明理由后强制通过。";
    OWN_VISIT: 409 "own-visit"
        en "Nobody approves their own visit" "Ask another reviewer."
        zh "不能审核本人参与的到访" "请由其他审核员审核。";
    ACTION_UNKNOWN: 404 "action-unknown"
        en "There is no such corrective action" "See the list of corrective actions."
        zh "没有此整改措施" "请查看整改措施列表。";
    ACTION_STATE: 409 "action-state"
        en "This does not fit where the corrective action stands" "See state."
        zh "整改措施的当前状态不允许此操作" "请查看 state。";
    ACTION_OWN_WORK: 409 "action-own-work"
        en "Nobody judges the effect of their own work" "Whoever owns or carried out the action leaves the check of its effect to somebody else."
        zh "不得评估本人措施的效果" "措施的负责人或执行人须由他人评估效果。";
    ACTION_OF_ANOTHER: 403 "action-of-another"
        en "Somebody else owns this corrective action" "Its owner, a reviewer or a lead says that it was carried out."
        zh "此整改措施由他人负责" "由负责人、审核员或班组长登记完成。";
    REVIEW_LEVEL_OF_ANOTHER: 403 "review-level-of-another"
        en "Another level of the review is due" "The level in level is judged by its own role, unit and region."
        zh "当前应由另一审核层级审核" "level 所示层级由规定的角色、单位和区域审核。";
    REVIEW_TWICE: 409 "review-twice"
        en "Nobody judges at two levels of a review" "Ask another reviewer."
        zh "同一人不得在两个审核层级审核" "请由其他审核员审核。";
    REVIEW_LEVEL_STATE: 409 "review-level-state"
        en "There is no level to send this back to" "Work is sent back to the technicians by a rework request."
        zh "没有可退回的审核层级" "退回现场请使用返工。";
    SECTION_UNKNOWN: 404 "section-unknown"
        en "There is no such section" "See the lists of sections."
        zh "没有此专业分办" "请查看分办列表。";
    SECTION_STATE: 409 "section-state"
        en "This does not fit where the section stands" "See state."
        zh "专业分办的当前状态不允许此操作" "请查看 state。";
    SECTION_OWN: 409 "section-own"
        en "Nobody but a lead signs off what they opened" "Ask somebody else of the unit that holds the section."
        zh "除班组长外，不得签署本人发起的分办" "请由承办单位的其他人员签署。";
    SECTION_OF_ANOTHER: 403 "section-of-another"
        en "Another unit holds this section" "Somebody of that unit works on it and signs it off."
        zh "此分办由其他单位承办" "由承办单位的人员处理和签署。";
    EXPERT_REQUEST_UNKNOWN: 404 "expert-request-unknown"
        en "There is no such question to an expert" "See the lists of questions."
        zh "没有此专家坐席提问" "请查看提问列表。";
    EXPERT_REQUEST_STATE: 409 "expert-request-state"
        en "This does not fit where the question stands" "See state; what was answered or withdrawn stays so."
        zh "提问的当前状态不允许此操作" "请查看 state；已答复或已撤回的不再更改。";
    EXPERT_REQUEST_OWN: 409 "expert-request-own"
        en "Nobody answers their own question" "Another expert answers it."
        zh "不得答复本人的提问" "请由其他专家答复。";
    EXPERT_REQUEST_OF_ANOTHER: 403 "expert-request-of-another"
        en "Somebody else took this question" "Its holder, its asker or a lead does this."
        zh "此提问由他人受理" "由受理人、提问人或班组长操作。";
    PLANNED_EVENT_UNKNOWN: 404 "planned-event-unknown"
        en "There is no such planned event" "See the lists of planned events."
        zh "没有此计划事项" "请查看计划事项列表。";
    PLANNED_EVENT_STATE: 409 "planned-event-state"
        en "This does not fit where the event stands" "See state; what is over or cancelled stays so."
        zh "计划事项的当前状态不允许此操作" "请查看 state；已结束或已取消的不再更改。";
    PLANNED_EVENT_OWN: 409 "planned-event-own"
        en "Nobody decides about what they wrote or submitted" "Somebody else approves it or sends it back."
        zh "不得审定本人编写或报审的事项" "请由他人审定或退回。";
    PLANNED_EVENT_ELSEWHERE: 403 "planned-event-elsewhere"
        en "A part of the event lies outside of your units and regions" "Somebody whose role reaches all of it does this."
        zh "事项的部分区域不在您的职责范围内" "请由职责范围涵盖全部区域的人员操作。";
    CASE_NAMES_PEOPLE: 422 "case-names-people"
        en "The case names the customer, the place, the meter or the number of the complaint"
           "Take that out: a case of the library has no people."
        zh "案例中出现了客户、地址、表号或投诉编号" "请删去：案例库不涉及个人。";
    BACK_BILLING_UNKNOWN: 404 "back-billing-unknown"
        en "There is no such proposal of back-billing" "See the record of the complaint."
        zh "没有此退补建议" "请查看投诉记录。";
    BACK_BILLING_UTILITY: 409 "back-billing-utility"
        en "Only complaints about electricity have back-billing" "Its rules are those of electricity meters."
        zh "仅用电投诉适用电量退补" "退补规则只适用于电能表。";
    BACK_BILLING_WITHDRAWN: 409 "back-billing-withdrawn"
        en "The proposal was withdrawn before" "See the record of the complaint."
        zh "此退补建议已撤回" "请查看投诉记录。";
    RESTRICTED_UNKNOWN: 404 "restricted-unknown"
        en "There is no such restricted finding" "See the list of restricted findings."
        zh "没有此行风举报" "请查看行风举报列表。";
    RESTRICTED_SEALED: 409 "restricted-sealed"
        en "This restricted finding cannot be opened" "Its key is not here: restore keys/restricted.pem or keys/restricted-previous.pem from a backup."
        zh "无法打开此行风举报" "此处没有对应的密钥：请从备份恢复 keys/restricted.pem 或 keys/restricted-previous.pem。";
    SPECIAL_STATE: 409 "special-state"
        en "This does not fit where the special complaint stands" "See state; none: nothing of this kind is proposed."
        zh "特殊投诉的当前状态不允许此操作" "请查看 state；none 表示没有提出此类情形。";
    WARNING_UNKNOWN: 404 "warning-unknown"
        en "There is no such early warning" "See the list of early warnings."
        zh "没有此预警" "请查看预警列表。";
    WARNING_STATE: 409 "warning-state"
        en "This does not fit where the early warning stands" "See state."
        zh "预警的当前状态不允许此操作" "请查看 state。";
    ARTICLE_UNKNOWN: 404 "article-unknown"
        en "There is no such article" "See the list of articles."
        zh "没有此知识" "请查看知识库列表。";
    ARTICLE_STATE: 409 "article-state"
        en "This does not fit where the article stands" "See state."
        zh "知识的当前状态不允许此操作" "请查看 state。";
    ARTICLE_OWN: 409 "article-own"
        en "Nobody approves what they wrote" "Somebody else approves it."
        zh "撰写人不能批准自己所写的内容" "请由他人批准。";
    RETURN_UNKNOWN: 404 "return-unknown"
        en "There is no such return visit" "See the list of return visits."
        zh "没有此回访" "请查看回访列表。";
    RETURN_OWN_WORK: 409 "return-own-work"
        en "Nobody asks the customer about their own work" "Whoever worked on the complaint, or asked this customer before a contradiction was found, leaves the return visit to somebody else."
        zh "不得回访本人经办的工作" "经办过该投诉的人员，或此前回访后发现情况不符的人员，须由他人回访。";
    RETURN_TAKEN: 409 "return-taken"
        en "Somebody else is asking this customer" "See holder and calling_since_ms; take it over when they have given up."
        zh "他人正在回访该客户" "请查看 holder 与 calling_since_ms；对方放弃后可接手。";
    RETURN_STATE: 409 "return-state"
        en "This does not fit where the return visit stands" "See state."
        zh "回访的当前状态不允许此操作" "请查看 state。";
    RETURN_INCOMPLETE: 409 "return-incomplete"
        en "Questions are not answered yet" "Answer those listed in questions; what the customer does not know is an answer too."
        zh "尚有问题未回答" "请回答 questions 中所列问题；客户不清楚也是一种回答。";
    RETURN_COMPULSORY: 409 "return-compulsory"
        en "This return visit cannot be waived" "It follows a contradiction: the customer is asked again by another person."
        zh "此次回访不得免除" "此前回访情况不符，须由他人再次回访。";
    COMPLAINT_MERGED: 409 "complaint-merged"
        en "The complaint was merged into another" "Work on the complaint named in survivor, or undo the merge."
        zh "该投诉已并入另一投诉" "请在 survivor 所指的投诉上操作，或撤销合并。";
    COMPLAINT_TAKEN: 409 "complaint-taken"
        en "The identity of the complaint is in use" "Use another one."
        zh "投诉标识已被使用" "请使用其他标识。";
    NUMBER_TAKEN: 409 "number-taken"
        en "The number belongs to another complaint" "Look the number up; it may be the complaint you mean."
        zh "该编号属于另一投诉" "请查询该编号，它可能正是您要找的投诉。";
    CLOCK_CONFLICT: 409 "clock-conflict"
        en "The clock of the complaint is not in that state" "See clock: it runs, it stands already, or no rule sets limits for this complaint."
        zh "投诉的时限不处于该状态" "参见 clock：时限正在计算、已经暂停，或没有规则为该投诉设定时限。";
    CHANGED_MEANWHILE: 409 "changed-meanwhile"
        en "Somebody else changed this at the same moment" "Read it again and repeat what is still needed."
        zh "他人同时作了更改" "请重新读取，再执行仍需要的操作。";
    MERGE_IMPOSSIBLE: 409 "merge-impossible"
        en "These complaints cannot be merged" "See reason: a complaint cannot be merged into itself or into one that was merged into it."
        zh "无法合并这些投诉" "参见 reason:投诉不能并入自身，也不能并入已并入它的投诉。";
    WORK_ORDER_UNKNOWN: 404 "work-order-unknown"
        en "There is no such work order" "Check the identity; it may belong to a unit or a region outside your roles."
        zh "没有这张工单" "请核对标识；它也可能属于您权限之外的单位或区域。";
    CONTACT_MISSING: 409 "contact-missing"
        en "Nobody can be reached about this complaint" "Fill in name and phone of the customer, or say in override_reason why somebody is sent all the same."
        zh "这件投诉没有可用的联系人" "请补全客户姓名和电话，或在 override_reason 中说明为何仍要派人。";
    VISIT_UNKNOWN: 404 "visit-unknown"
        en "There is no such visit" "Check the identity; it may belong to a unit or a region outside your roles."
        zh "没有这次到访" "请核对标识；它也可能属于您权限之外的单位或区域。";
    VISIT_STATE: 409 "visit-state"
        en "The visit cannot take this step now" "See its state."
        zh "到访当前状态不允许此操作" "请查看其状态。";
    PERSON_NOT_SENDABLE: 422 "person-not-sendable"
        en "This person cannot be sent" "Choose a technician who has access."
        zh "无法派出此人" "请选择有权限的外勤人员。";
    CHECKLIST_UNKNOWN: 422 "checklist-unknown"
        en "There is no such checklist" "See GET /v1/checklists."
        zh "没有这份检查表" "请查看 GET /v1/checklists。";
    FIELD_WORK_UNKNOWN: 404 "field-work-unknown"
        en "There is no such field work" "Read the list again."
        zh "没有这项现场工作" "请重新读取列表。";
    GRUMBLE_UNKNOWN: 404 "grumble-unknown"
        en "There is no such open grumble" "Somebody may have dealt with it; read the list again."
        zh "没有这条待处理的抱怨" "可能已有人处理；请重新读取列表。";
    CONFLICT_UNKNOWN: 404 "conflict-unknown"
        en "There is no such conflict" "Read the inbox again."
        zh "没有这项冲突" "请重新读取冲突列表。";
    CONFLICT_CHANGED: 409 "conflict-changed"
        en "The values are not those you decided about" "Somebody wrote or decided meanwhile; read the conflict again."
        zh "冲突的取值已变化" "期间有人写入或裁决；请重新读取该冲突。";
    CONFLICT_NOT_DECIDED: 409 "conflict-not-decided"
        en "There is no decision to undo" "Read the conflict again."
        zh "没有可撤销的裁决" "请重新读取该冲突。";
}
