//! A day without a network, from the list of visits to the finished one.

use super::{Desk, morning, photo};
use crate::i18n::Lang;
use sync_core::log::{Body, BodyKind};
use sync_core::protocol::Request;

/// 2025-11-21 17:42 in the zone of the tests, when they begin.
const NOW: &str = "2025:11:21 17:43:00";
const SITE: Option<(f64, f64)> = Some((31.2304, 121.4737));

async fn example_day(desk: &Desk) -> String {
    let nameplate = desk.file("IMG_0417.jpg", &photo(NOW, SITE));
    let old = desk.file("DSC_0099.jpg", &photo("2025:11:19 09:00:00", None));
    let seal = desk.file("seal.jpg", &photo(NOW, Some((31.24, 121.4737))));
    let signature = desk.file("sig.jpg", &photo("2025:11:21 17:44:00", None));
    let path = |file: &std::path::Path| file.to_str().unwrap().to_owned();
    let (nameplate, old, seal, signature) = (path(&nameplate), path(&old), path(&seal), path(&signature));
    let lines: [&[&str]; 21] = [
        &["today"],
        &["visit", "start", "0417", "--at", "31.2305,121.4739"],
        &["answer", "appearance_ok", "yes"],
        &["answer", "2", "正常"],
        &["answer", "voltage", "２３６．１"],
        &["finding", "add", "SEAL_OK", "--text", "表位 3-602，铅封完好，用户称空调未开仍走字"],
        &["meter", "read", "--register", "total=012501.25"],
        &[
            "meter",
            "check",
            "watt",
            "--constant",
            "1600",
            "--pulses",
            "10",
            "--seconds",
            "22.10",
            "--watts",
            "1000",
        ],
        &["meter", "check", "watt", "--pulses", "30", "--seconds", "67.1", "--watts", "1000"],
        &["photo", "add", &nameplate, "--tag", "nameplate"],
        &["photo", "add", &old],
        &["photo", "add", &nameplate, "--tag", "nameplate"],
        &["customer", "statement", "--text", "同意核查结果"],
        &["customer", "sign", "--image", &signature],
        &["promise", "add", "--what", "书面答复", "--due", "+6d"],
        &["visit", "finish", "--outcome", "within-limits"],
        &["meter", "seal", "--no", "A123456", "--position", "表尾", "--state", "intact", "--photo", &seal],
        &["visit", "propose", "--verdict", "not-substantiated", "--cause", "C02", "--text", "空调待机用电"],
        &["visit", "show"],
        &["visit", "finish", "--outcome", "within-limits"],
        &["today"],
    ];
    let seen = desk.day(&lines).await;
    desk.plain(&seen)
}

#[tokio::test]
async fn a_day_in_english() {
    insta::assert_snapshot!(example_day(&Desk::new(Lang::En).await).await, @r#"
    $ field today
    ┌─────────────────────────────────────────────────────────────────────────────────────────┐
    │     Number        Address                   Complaint                     Due     State │
    ╞═════════════════════════════════════════════════════════════════════════════════════════╡
    │     C-2025-0417   梧桐路 12 号 3 单元 602   电表走得快                    21:42   to do │
    │     C-2025-0421   Jiefang Rd 88, bldg. B    Smell of gas in the kitchen           to do │
    └─────────────────────────────────────────────────────────────────────────────────────────┘
      next: field visit start 0417
    $ field visit start 0417 --at 31.2305,121.4739
    ✓ C-2025-0417 "电表走得快" started 17:42, 22 m from the address. It is now @.
      checklist: Meter accuracy (0/7)
      due 21:42
      next: field answer appearance_ok yes|no
    $ field answer appearance_ok yes
    ✓ saved   Appearance in order: yes   checklist 1/7
      next: field answer load idle|normal
    $ field answer 2 正常
    ✓ saved   Load: Normal   checklist 2/7
      next: field answer voltage <V>
    $ field answer voltage ２３６．１
    ! ２３６．１ is unusual: expected 198 … 235.4 V. Recorded all the same; please check.
    ✓ saved   Voltage: 236.1 V   checklist 3/7
      next: field meter read --register total=…
    $ field finding add SEAL_OK --text "表位 3-602，铅封完好，用户称空调未开仍走字"
    ✓ saved   finding 1   checklist 3/7
      next: field meter read --register total=…
    $ field meter read --register total=012501.25
      155.65 used since 22 Oct (012345.60)
    ✓ saved   total 012501.25 kWh · Read on site   checklist 4/7
      next: field meter check watt --pulses … --seconds … --watts …
    $ field meter check watt --constant 1600 --pulses 10 --seconds 22.10 --watts 1000
      expected 22.5 s · measured 22.10 s
      error +1.8 % (unrounded +1.8100 %), limit ±2.0 %: within the limit, as a screening
      class 2 · Replace when over the class limit (DL/T 448-2000 7.3 d)
    ! Timed by hand for 22.10 s; 50 s are needed for a verdict. Count more pulses.
    ! Load not recorded (--current, --power-factor): whether it was large enough is not checked
    ✓ saved   check c1   checklist 5/7
      next: field photo add <file> --tag seal
    $ field meter check watt --pulses 30 --seconds 67.1 --watts 1000
      expected 67.5 s · measured 67.1 s
      error +0.6 % (unrounded +0.5961 %), limit ±2.0 %: within the limit
      class 2 · Replace when over the class limit (DL/T 448-2000 7.3 d)
    ! Load not recorded (--current, --power-factor): whether it was large enough is not checked
      mean of 2 runs: error +1.2 % (unrounded +1.2030 %), limit ±2.0 %: within the limit, as a screening; spread 1.21 %
    ✓ saved   check c2   checklist 5/7
      next: field photo add <file> --tag seal
    $ field photo add IMG_0417.jpg --tag nameplate
      521 B  sha256 6300c050…  taken 17:43 (device clock agrees)  31.230400,121.473700
    ✓ saved   1 photo   checklist 5/7
      next: field photo add <file> --tag seal
    $ field photo add DSC_0099.jpg
    ✗ Taken 2 d 8 h before this visit started
      To keep it all the same: --allow-old
    (exit 2)
    $ field photo add IMG_0417.jpg --tag nameplate
    ✓ IMG_0417.jpg is here already: photo 1
    $ field customer statement --text 同意核查结果
    ✓ saved   statement (Customer), hash b049e322…   checklist 5/7
      next: field customer sign --image <file>
    $ field customer sign --image sig.jpg
    ✓ saved   signed 17:42, hash f2655377… covers the statement   checklist 5/7
      next: field photo add <file> --tag seal
    $ field promise add --what 书面答复 --due +6d
    ✓ saved   书面答复, until 27 Nov 23:59   checklist 5/7
      next: field photo add <file> --tag seal
    $ field visit finish --outcome within-limits
    ✗ Not finished: 1 of 7 checks is open
      · Photo of the seal (photo.seal)    field photo add <file> --tag seal
      Or record why not: field visit finish --skip photo.seal --why "…"
    (exit 1)
    $ field meter seal --no A123456 --position 表尾 --state intact --photo seal.jpg
    ! The camera says 1.1 km from the address
      521 B  sha256 9818ac4f…  taken 17:43 (device clock agrees)  31.240000,121.473700
    ✓ saved   seal Terminal cover: Intact · A123456   checklist 6/7
      next: field visit finish
    $ field visit propose --verdict not-substantiated --cause C02 --text 空调待机用电
    ✓ saved   Not substantiated · Real higher use   checklist 6/7
      next: field visit finish
    $ field visit show
    C-2025-0417  电表走得快  [running]
      梧桐路 12 号 3 单元 602
      王芳 · 138****0000 · 0051002233
      meter 000000110438 · class 2 · 1600 imp/kWh · 220V 5(60)A · 012345.60
      due 21:42

    checklist: Meter accuracy (6/7)
      ✓ 1  Appearance in order  yes  [appearance_ok]
      ✓ 2  Load  Normal  [load]
      ✓ 3  Voltage  236.1 V  [voltage]
      ✓ 4  Reading    [reading]
      ✓ 5  Accuracy    [accuracy]
      ✓ 6  Photo of the seal    [photo.seal]
        7  Remark    [remark]

    Findings
      1  Seal intact  表位 3-602，铅封完好，用户称空调未开仍走字  (17:42 张伟)

    Meter and tests
      1  total 012501.25 kWh · Read on site  (17:42 张伟)
      c1  Watt-second method: error +1.8 % (unrounded +1.8100 %), limit ±2.0 %: within the limit, as a screening  (17:42 张伟)
      c2  Watt-second method: error +0.6 % (unrounded +0.5961 %), limit ±2.0 %: within the limit  (17:42 张伟)
      seal Terminal cover: Intact · A123456  (17:42 张伟)

    Course of the visit
      started  (17:42 张伟)

    Photos
      1  Nameplate · 521 B · sha256 6300c050… · waiting  (17:42 张伟)
      2  Seal · 521 B · sha256 9818ac4f… · waiting  (17:42 张伟)

    Customer
      statement: Customer  (17:42 张伟)
      signed  (17:42 张伟)
      1  书面答复, until 27 Nov 23:59  (17:42 张伟)

    Proposed to the office
      verdict: Not substantiated
      cause: Real higher use
      空调待机用电
    $ field visit finish --outcome within-limits
    ✓ C-2025-0417 finished 17:42: Within limits
      next: field visit start 0421
    $ field today
    ┌────────────────────────────────────────────────────────────────────────────────────────────┐
    │     Number        Address                   Complaint                     Due     State    │
    ╞════════════════════════════════════════════════════════════════════════════════════════════╡
    │     C-2025-0417   梧桐路 12 号 3 单元 602   电表走得快                    21:42   finished │
    │     C-2025-0421   Jiefang Rd 88, bldg. B    Smell of gas in the kitchen           to do    │
    └────────────────────────────────────────────────────────────────────────────────────────────┘
      next: field visit start 0421
    "#);
}

#[tokio::test]
async fn a_day_in_chinese() {
    insta::assert_snapshot!(example_day(&Desk::new(Lang::ZhCn).await).await, @r#"
    $ field today
    ┌──────────────────────────────────────────────────────────────────────────────────────────┐
    │     编号          地址                      投诉内容                      时限    状态   │
    ╞══════════════════════════════════════════════════════════════════════════════════════════╡
    │     C-2025-0417   梧桐路 12 号 3 单元 602   电表走得快                    21:42   待核查 │
    │     C-2025-0421   Jiefang Rd 88, bldg. B    Smell of gas in the kitchen           待核查 │
    └──────────────────────────────────────────────────────────────────────────────────────────┘
      下一步：field visit start 0417
    $ field visit start 0417 --at 31.2305,121.4739
    ✓ C-2025-0417“电表走得快”于 17:42 开始，距地址 22 m，现为 @
      检查表：电表准确度核查（0/7）
      时限 21:42
      下一步：field answer appearance_ok yes|no
    $ field answer appearance_ok yes
    ✓ 已保存   外观完好：是   检查项 1/7
      下一步：field answer load idle|normal
    $ field answer 2 正常
    ✓ 已保存   负荷情况：正常   检查项 2/7
      下一步：field answer voltage <V>
    $ field answer voltage ２３６．１
    ! ２３６．１ 不常见，一般为 198 … 235.4 V。已照常记录，请核对。
    ✓ 已保存   电压：236.1 V   检查项 3/7
      下一步：field meter read --register total=…
    $ field finding add SEAL_OK --text "表位 3-602，铅封完好，用户称空调未开仍走字"
    ✓ 已保存   发现 1   检查项 3/7
      下一步：field meter read --register total=…
    $ field meter read --register total=012501.25
      自10月22日（012345.60）以来用量 155.65
    ✓ 已保存   总 012501.25 kWh · 实抄   检查项 4/7
      下一步：field meter check watt --pulses … --seconds … --watts …
    $ field meter check watt --constant 1600 --pulses 10 --seconds 22.10 --watts 1000
      理论 22.5 秒 · 实测 22.10 秒
      误差 +1.8 %（未化整 +1.8100 %），限值 ±2.0 %：筛查在限值内
      2 级 · 超差更换（DL/T 448-2000 7.3 d）
    ! 手动计时 22.10 秒，下结论至少需要 50 秒，请多数一些脉冲
    ! 未记录负荷（--current、--power-factor），无法核对负荷是否足够
    ✓ 已保存   检验 c1   检查项 5/7
      下一步：field photo add <文件> --tag seal
    $ field meter check watt --pulses 30 --seconds 67.1 --watts 1000
      理论 67.5 秒 · 实测 67.1 秒
      误差 +0.6 %（未化整 +0.5961 %），限值 ±2.0 %：合格
      2 级 · 超差更换（DL/T 448-2000 7.3 d）
    ! 未记录负荷（--current、--power-factor），无法核对负荷是否足够
      2 次平均：误差 +1.2 %（未化整 +1.2030 %），限值 ±2.0 %：筛查在限值内；极差 1.21 %
    ✓ 已保存   检验 c2   检查项 5/7
      下一步：field photo add <文件> --tag seal
    $ field photo add IMG_0417.jpg --tag nameplate
      521 B  sha256 6300c050…  拍摄于 17:43（与本机时钟一致）  31.230400,121.473700
    ✓ 已保存   1 张照片   检查项 5/7
      下一步：field photo add <文件> --tag seal
    $ field photo add DSC_0099.jpg
    ✗ 拍摄时间比本次核查开始早 2 天 8 小时
      仍要保留：--allow-old
    (exit 2)
    $ field photo add IMG_0417.jpg --tag nameplate
    ✓ IMG_0417.jpg 已经有了：照片 1
    $ field customer statement --text 同意核查结果
    ✓ 已保存   陈述（用户本人），哈希 b049e322…   检查项 5/7
      下一步：field customer sign --image <文件>
    $ field customer sign --image sig.jpg
    ✓ 已保存   于 17:42 签字，哈希 f2655377…，针对陈述   检查项 5/7
      下一步：field photo add <文件> --tag seal
    $ field promise add --what 书面答复 --due +6d
    ✓ 已保存   书面答复，期限 11月27日 23:59   检查项 5/7
      下一步：field photo add <文件> --tag seal
    $ field visit finish --outcome within-limits
    ✗ 未完成：7 项检查中还有 1 项未填
      · 封印照片 (photo.seal)    field photo add <文件> --tag seal
      或记录不做的原因：field visit finish --skip photo.seal --why "…"
    (exit 1)
    $ field meter seal --no A123456 --position 表尾 --state intact --photo seal.jpg
    ! 相机位置距地址 1.1 km
      521 B  sha256 9818ac4f…  拍摄于 17:43（与本机时钟一致）  31.240000,121.473700
    ✓ 已保存   表尾封印：完好 · A123456   检查项 6/7
      下一步：field visit finish
    $ field visit propose --verdict not-substantiated --cause C02 --text 空调待机用电
    ✓ 已保存   不属实 · 用量真实增加   检查项 6/7
      下一步：field visit finish
    $ field visit show
    C-2025-0417  电表走得快  [进行中]
      梧桐路 12 号 3 单元 602
      王芳 · 138****0000 · 0051002233
      表计 000000110438 · 2 级 · 1600 imp/kWh · 220V 5(60)A · 012345.60
      时限 21:42

    检查表：电表准确度核查（6/7）
      ✓ 1  外观完好  是  [appearance_ok]
      ✓ 2  负荷情况  正常  [load]
      ✓ 3  电压  236.1 V  [voltage]
      ✓ 4  示数    [reading]
      ✓ 5  误差检验    [accuracy]
      ✓ 6  封印照片    [photo.seal]
        7  备注    [remark]

    发现
      1  封印完好  表位 3-602，铅封完好，用户称空调未开仍走字  (17:42 张伟)

    表计与检测
      1  总 012501.25 kWh · 实抄  (17:42 张伟)
      c1  瓦秒法：误差 +1.8 %（未化整 +1.8100 %），限值 ±2.0 %：筛查在限值内  (17:42 张伟)
      c2  瓦秒法：误差 +0.6 %（未化整 +0.5961 %），限值 ±2.0 %：合格  (17:42 张伟)
      表尾封印：完好 · A123456  (17:42 张伟)

    核查过程
      开始  (17:42 张伟)

    照片
      1  铭牌 · 521 B · sha256 6300c050… · 待上传  (17:42 张伟)
      2  封印 · 521 B · sha256 9818ac4f… · 待上传  (17:42 张伟)

    用户
      陈述：用户本人  (17:42 张伟)
      已签字  (17:42 张伟)
      1  书面答复，期限 11月27日 23:59  (17:42 张伟)

    向办公室的建议
      属实性：不属实
      原因：用量真实增加
      空调待机用电
    $ field visit finish --outcome within-limits
    ✓ C-2025-0417 于 17:42 完成：检验合格
      下一步：field visit start 0421
    $ field today
    ┌──────────────────────────────────────────────────────────────────────────────────────────┐
    │     编号          地址                      投诉内容                      时限    状态   │
    ╞══════════════════════════════════════════════════════════════════════════════════════════╡
    │     C-2025-0417   梧桐路 12 号 3 单元 602   电表走得快                    21:42   已完成 │
    │     C-2025-0421   Jiefang Rd 88, bldg. B    Smell of gas in the kitchen           待核查 │
    └──────────────────────────────────────────────────────────────────────────────────────────┘
      下一步：field visit start 0421
    "#);
}

#[tokio::test]
async fn what_was_said_to_be_saved_is_in_the_device_log() {
    let desk = Desk::new(Lang::En).await;
    example_day(&desk).await;
    let store = desk.store().await;
    let log = store.log(Some(morning()), 100).await.unwrap();
    let kinds: Vec<&str> = log.iter().map(|row| row.kind.as_str()).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == "command").count(), 3, "{kinds:?}");
    let view = store.document(morning()).await.unwrap().view();
    assert_eq!((view.meter_checks.len(), view.photos.len(), view.signatures.len()), (2, 2, 1));
    let statement = view.statements.values().next().unwrap();
    let commitment = statement.content.commitment;
    // The words of the customer are beside the document, never inside.
    let mut parts = Vec::new();
    for row in &log {
        let envelope = store.envelope(row.hash).await.unwrap().unwrap();
        let header = envelope.header();
        if header.kind == BodyKind::Change
            && let Ok(Body::Change(change)) = envelope.body()
        {
            parts.extend(change.parts);
        }
    }
    assert_eq!(parts.len(), 1);
    assert_eq!((parts[0].text.as_str(), parts[0].commitment()), ("同意核查结果", *commitment.as_bytes()));
    assert!(!serde_json::to_string(&view).unwrap().contains("同意核查结果"));
}

#[tokio::test]
async fn a_complaint_born_in_the_field_has_a_number_at_once_and_its_visit_runs() {
    let desk = Desk::new(Lang::ZhCn).await;
    let lines: [&[&str]; 6] = [
        &[
            "complaint",
            "new",
            "楼道有燃气味",
            "--address",
            "解放路 90 号",
            "--utility",
            "gas",
            "--category",
            "LEAK",
            "--customer",
            "赵强",
        ],
        &["gas", "leak", "--joint", "灶前阀=冒泡", "--joint", "入户球阀=ok"],
        &["hazard", "add", "leak", "--action", "已关闭入户阀"],
        &["visit", "finish", "--outcome", "follow_up"],
        &["notice", "add", "--number", "N-2025-7", "--delivered", "handed_over"],
        &["visit", "finish", "--outcome", "follow_up"],
    ];
    insta::assert_snapshot!(desk.day(&lines).await, @r#"
    $ field complaint new 楼道有燃气味 --address "解放路 90 号" --utility gas --category LEAK --customer 赵强
    ✓ 给用户的编号：P-010101-1。核查已开始，现为 @
      办公室给出正式编号后，此编号仍然有效。
      下一步：field finding add --text "…"
    $ field gas leak --joint 灶前阀=冒泡 --joint 入户球阀=ok
      不合格 · 入户检漏（检漏液或可燃气体检测仪）
    ! 漏气部位：灶前阀
    ✓ 已保存
      下一步：field hazard add leak --level H1
    $ field hazard add leak --action 已关闭入户阀
    ! 立即处理：现场停气（停电），书面告知，联系抢修
    ✓ 已保存   H1 确认漏气 · 已关闭入户阀
      下一步：field notice add --number <编号> --delivered handed_over --photo <文件>
    $ field visit finish --outcome follow_up
    ✗ 未完成：隐患须先书面告知
      · 缺少“确认漏气”的书面告知    field notice add --number <编号> --delivered handed_over --photo <文件>
    (exit 1)
    $ field notice add --number N-2025-7 --delivered handed_over
    ! 缺少告知书照片：field photo add <文件> --tag notice
    ✓ 已保存   告知书 N-2025-7 · 当面送达
    $ field visit finish --outcome follow_up
    ✓ P-010101-1 于 17:42 完成：需后续处理
      下一步：field visit start 0421
    "#);
    let store = desk.store().await;
    let commands = store.commands().await.unwrap();
    assert_eq!(commands.len(), 2, "{commands:?}");
    let born = store.visits().await.unwrap().into_iter().find(|row| row.complaint.is_some()).unwrap();
    assert_eq!(store.assignment(born.visit).await.unwrap().unwrap().number, "P-010101-1");
    // The office hears of the complaint and of its end.
    let mut requests = Vec::new();
    for row in store.log(Some(born.visit), 100).await.unwrap() {
        let envelope = store.envelope(row.hash).await.unwrap().unwrap();
        if let Ok(Body::Command(command)) = envelope.body() {
            requests.push(Request::decode(&command.request).unwrap());
        }
    }
    assert!(requests.iter().any(|request| matches!(request, Request::OpenComplaint(new) if new.customer_name.as_deref() == Some("赵强"))));
    assert!(
        requests
            .iter()
            .any(|request| matches!(request, Request::Finish { outcome, .. } if outcome == "follow_up"))
    );
}
