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
        zh "服务器出错" "请重试。如再次出现,请把请求编号告知管理员。";
    NOT_FOUND: 404 "not-found"
        en "There is nothing at this address" "Check the address."
        zh "此地址没有内容" "请检查地址。";
    METHOD_NOT_ALLOWED: 405 "method-not-allowed"
        en "This address does not take this method" "See the Allow header."
        zh "此地址不支持该方法" "请查看 Allow 响应头。";
    BODY_INVALID: 422 "body-invalid"
        en "The request body cannot be understood" "Correct the fields named in errors, or see the API document."
        zh "无法理解请求内容" "请更正 errors 中列出的字段,或查阅接口文档。";
    QUERY_INVALID: 400 "query-invalid"
        en "The request cannot be understood" "Correct path and query parameters, headers and the form of the body; see the API document."
        zh "无法理解该请求" "请更正路径、查询参数、请求头和内容格式;参见接口文档。";
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
        zh "请求超时" "请重试;已确认的内容不会丢失。";
    TOO_MANY_REQUESTS: 429 "too-many-requests"
        en "Too many requests" "Wait as long as Retry-After says."
        zh "请求过多" "请按 Retry-After 指示的时间等待。";
    STORE_BUSY: 503 "store-busy"
        en "The server is busy" "Repeat the request after the time in Retry-After."
        zh "服务器繁忙" "请在 Retry-After 指示的时间后重试。";
    STORAGE_FULL: 507 "storage-full"
        en "The server's disk is full" "Nothing was lost: keep the data and try later. Tell your administrator."
        zh "服务器磁盘已满" "数据没有丢失:请保留并稍后重试,同时告知管理员。";
    STOPPING: 503 "stopping"
        en "The server is being restarted" "Repeat the request after the time in Retry-After."
        zh "服务器正在重启" "请在 Retry-After 指示的时间后重试。";
}
