//! What cannot be right is refused with a reason and recorded nowhere; what is only odd is recorded and told.

use super::{Desk, acts, started};
use crate::i18n::Lang;

#[tokio::test]
async fn figures_that_cannot_be_are_refused_and_nothing_is_recorded() {
    let lines: [&[&str]; 12] = [
        &["meter", "check", "watt", "--pulses", "10", "--seconds", "0", "--watts", "1000"],
        &["meter", "check", "watt", "--pulses", "-10", "--seconds", "22", "--watts", "1000"],
        &["meter", "check", "watt", "--pulses", "1.5", "--seconds", "22", "--watts", "1000"],
        &["meter", "check", "watt", "--pulses", "10", "--seconds", "22"],
        &["meter", "check", "watt", "--pulses", "10", "--seconds", "22", "--watts", "1e3"],
        &["meter", "check", "watt", "--pulses", "10", "--seconds", "22", "--watts", "1,000"],
        &["meter", "check", "watt", "--pulses", "10", "--seconds", "22", "--watts", "1000", "--ct", "5/200"],
        &["meter", "check", "reference", "--start", "10", "--stop", "9", "--reference", "1"],
        &["meter", "check", "watt", "--class", "7", "--pulses", "10", "--seconds", "22", "--watts", "1000"],
        &["meter", "read", "--register", "total=012300.00"],
        &["meter", "read", "--register", "total=-5"],
        &["answer", "photo.seal", "yes"],
    ];
    for lang in Lang::ALL {
        let desk = started(lang).await;
        let before = acts(&desk).await;
        let seen = desk.day(&lines).await;
        assert_eq!(acts(&desk).await, before, "{seen}");
        assert_eq!(seen.matches("(exit 2)").count(), lines.len(), "{seen}");
        match lang {
            Lang::En => insta::assert_snapshot!(seen, @r#"
            $ field meter check watt --pulses 10 --seconds 0 --watts 1000
            ✗ The time must be above zero, not 0
            (exit 2)
            $ field meter check watt --pulses -10 --seconds 22 --watts 1000
            ✗ The number of pulses must be above zero, not -10
            (exit 2)
            $ field meter check watt --pulses 1.5 --seconds 22 --watts 1000
            ✗ The number of pulses must be a whole number, not 1.5
            (exit 2)
            $ field meter check watt --pulses 10 --seconds 22
            ✗ Missing: --watts
              More: add --help
            (exit 2)
            $ field meter check watt --pulses 10 --seconds 22 --watts 1e3
            ✗ 1e3 has an exponent (--watts); write the number out
            (exit 2)
            $ field meter check watt --pulses 10 --seconds 22 --watts 1,000
            ✗ 1,000 could mean two things (--watts); use a point for decimals and no grouping
            (exit 2)
            $ field meter check watt --pulses 10 --seconds 22 --watts 1000 --ct 5/200
            ✗ --ct 5/200 steps up; the primary figure comes first
              Did you mean 200/5?
            (exit 2)
            $ field meter check reference --start 10 --stop 9 --reference 1
            ✗ The register went from 10 down to 9; check the figures
            (exit 2)
            $ field meter check watt --class 7 --pulses 10 --seconds 22 --watts 1000
            ✗ 7 does not fit --class
              Possible: 0.02, 0.05, 0.1, 0.2S, 0.2, 0.5S, 0.5, 1, 2, 3, A, B, C, D
            (exit 2)
            $ field meter read --register total=012300.00
            ✗ 012300.00 is below the last reading 012345.60: a slip, an exchanged meter, or the register passed its end (then 999954.4 was used)
              Check the digits. If they are right: --confirm-below, and the last reading on record is wrong, or --confirm-rollover when the register passed its end. Another meter: --meter <number>.
            (exit 2)
            $ field meter read --register total=-5
            ✗ The reading must not be negative, not -5
            (exit 2)
            $ field answer photo.seal yes
            ✗ "Photo of the seal" is answered by recording it
              next: field photo add <file> --tag seal
            (exit 2)
            "#),
            Lang::ZhCn => insta::assert_snapshot!(seen, @r#"
            $ field meter check watt --pulses 10 --seconds 0 --watts 1000
            ✗ 时间必须大于零，不能是 0
            (exit 2)
            $ field meter check watt --pulses -10 --seconds 22 --watts 1000
            ✗ 脉冲数必须大于零，不能是 -10
            (exit 2)
            $ field meter check watt --pulses 1.5 --seconds 22 --watts 1000
            ✗ 脉冲数必须是整数，不能是 1.5
            (exit 2)
            $ field meter check watt --pulses 10 --seconds 22
            ✗ 缺少：--watts
              详情请加 --help
            (exit 2)
            $ field meter check watt --pulses 10 --seconds 22 --watts 1e3
            ✗ 1e3 带有指数（--watts）；请写出完整数字
            (exit 2)
            $ field meter check watt --pulses 10 --seconds 22 --watts 1,000
            ✗ 1,000 有歧义（--watts）；小数请用点，不要写千位分隔
            (exit 2)
            $ field meter check watt --pulses 10 --seconds 22 --watts 1000 --ct 5/200
            ✗ --ct 5/200 写反了，一次侧的数在前
              是不是想用 200/5？
            (exit 2)
            $ field meter check reference --start 10 --stop 9 --reference 1
            ✗ 示数从 10 降到 9，请核对
            (exit 2)
            $ field meter check watt --class 7 --pulses 10 --seconds 22 --watts 1000
            ✗ 7 不适用于 --class
              可选：0.02, 0.05, 0.1, 0.2S, 0.2, 0.5S, 0.5, 1, 2, 3, A, B, C, D
            (exit 2)
            $ field meter read --register total=012300.00
            ✗ 012300.00 小于上次示数 012345.60：可能是输错、换表，或计度器走满归零（那样用量为 999954.4）
              请核对数字。若示数无误而档案中的上次示数有误：--confirm-below；若已走满归零：--confirm-rollover；若不是同一块表：--meter <表号>。
            (exit 2)
            $ field meter read --register total=-5
            ✗ 示数不能为负，不能是 -5
            (exit 2)
            $ field answer photo.seal yes
            ✗ “封印照片”以实际记录作答
              下一步：field photo add <文件> --tag seal
            (exit 2)
            "#),
        }
    }
}

#[tokio::test]
async fn odd_figures_are_recorded_with_a_warning() {
    let desk = started(Lang::En).await;
    let lines: [&[&str]; 7] = [
        &["meter", "read", "--register", "total=0012501.2"],
        &["meter", "read", "--register", "total=999999.99"],
        &["meter", "read", "--register", "total=000001.00", "--confirm-rollover"],
        &["meter", "read", "--register", "总=012501.25", "--register", "峰=6000", "--register", "谷=6000"],
        &["meter", "read", "--register", "total=17", "--meter", "000000999999"],
        &[
            "meter",
            "check",
            "reference",
            "--tested",
            "10.23",
            "--reference",
            "10.00",
            "--current",
            "0.2",
            "--power-factor",
            "0.5L",
        ],
        &[
            "meter",
            "check",
            "errors",
            "+0.1",
            "-0.3",
            "--class",
            "0.5S",
            "--instrument",
            "S-1",
            "--instrument-class",
            "0.5",
            "--instrument-valid-to",
            "2024-01-01",
        ],
    ];
    insta::assert_snapshot!(desk.day(&lines).await, @r#"
    $ field meter read --register total=0012501.2
      155.6 used since 22 Oct (012345.60)
    ✓ saved   total 0012501.2 kWh · Read on site   checklist 1/7
      next: field answer appearance_ok yes|no
    $ field meter read --register total=999999.99
      987654.39 used since 22 Oct (012345.60)
    ! The connection can carry 9504 kWh at most since then; please check the reading
    ✓ saved   total 999999.99 kWh · Read on site   checklist 1/7
      next: field answer appearance_ok yes|no
    $ field meter read --register total=000001.00 --confirm-rollover
      987655.4 used since 22 Oct (012345.60)
      The register passed its end.
    ! The connection can carry 9504 kWh at most since then; please check the reading
    ✓ saved   total 000001.00 kWh · Read on site   checklist 1/7
      next: field answer appearance_ok yes|no
    $ field meter read --register 总=012501.25 --register 峰=6000 --register 谷=6000
      155.65 used since 22 Oct (012345.60)
    ! The tariffs add up to 12000, the total shows 12501.25
    ✓ saved   total 012501.25 kWh · Read on site; peak 6000 kWh · Read on site; valley 6000 kWh · Read on site   checklist 1/7
      next: field answer appearance_ok yes|no
    $ field meter read --register total=17 --meter 000000999999
    ! This is meter 000000999999; on record is 000000110438
    ✓ saved   total 17 kWh · Read on site   checklist 1/7
      next: field answer appearance_ok yes|no
    $ field meter check reference --tested 10.23 --reference 10.00 --current 0.2 --power-factor 0.5L
      error +2.4 % (unrounded +2.3000 %), limit ±2.0 %: load unsuitable, no verdict
      class 2 · Replace when over the class limit (DL/T 448-2000 7.3 d)
    ! Current too small: 0.04 of the basic current, 0.1 needed
    ✓ saved   check c1   checklist 2/7
      next: field answer appearance_ok yes|no
    $ field meter check errors +0.1 -0.3 --class 0.5S --instrument S-1 --instrument-class 0.5 --instrument-valid-to 2024-01-01
      spread 0.4 %
      error −0.10 % (unrounded −0.1000 %), limit ±0.50 %: within the limit, as a screening
      class 0.5S · Replace when over the class limit (DL/T 448-2000 7.3 d)
    ! The calibration of the reference ended on 2024-01-01
    ! The reference (class 0.5) is not two classes better than the meter
    ! Load not recorded (--current, --power-factor): whether it was large enough is not checked
    ✓ saved   check c2   checklist 2/7
      next: field answer appearance_ok yes|no
    "#);
}

#[tokio::test]
async fn a_visit_that_is_meant_twice_is_asked_back() {
    let desk = Desk::new(Lang::En).await;
    let lines: [&[&str]; 7] = [
        &["visit", "show", "04"],
        &["visit", "show", "C-2025"],
        &["visit", "show", "9999"],
        &["visit", "show"],
        &["finding", "add", "--text", "x", "--visit", "0417"],
        &["visit", "show", "111111"],
        &["visit", "show", "c-2025-0421"],
    ];
    insta::assert_snapshot!(desk.day(&lines).await, @r#"
    $ field visit show 04
    ✗ There is no visit 04 on this device
      List: field visit list --all. New ones arrive with field sync.
    (exit 1)
    $ field visit show C-2025
    ✗ C-2025 fits several visits; type more of it, or the end of the id:
      …111111  C-2025-0417  梧桐路 12 号 3 单元 602
      …212121  C-2025-0421  Jiefang Rd 88, bldg. B
    (exit 2)
    $ field visit show 9999
    ✗ There is no visit 9999 on this device
      List: field visit list --all. New ones arrive with field sync.
    (exit 1)
    $ field visit show
    ✗ No visit is current: start one, or name it
      next: field today
    (exit 2)
    $ field finding add --text x --visit 0417
    ✗ C-2025-0417 has not been started
      next: field visit start C-2025-0417
    (exit 1)
    $ field visit show 111111
    C-2025-0417  电表走得快  [to do]
      梧桐路 12 号 3 单元 602
      王芳 · 138****0000 · 0051002233
      meter 000000110438 · class 2 · 1600 imp/kWh · 220V 5(60)A · 012345.60
      due 21:42
    $ field visit show c-2025-0421
    C-2025-0421  Smell of gas in the kitchen  [to do]
      Jiefang Rd 88, bldg. B
    "#);
}

#[tokio::test]
async fn a_device_that_is_not_enrolled_is_told_so_with_four() {
    let desk = Desk::new(Lang::En).await;
    std::fs::remove_dir_all(desk.home().data).unwrap();
    for lang in Lang::ALL {
        let desk = Desk { lang, root: tempfile::tempdir().unwrap(), machine: desk.machine.clone() };
        let answer = desk.run(&["today"]).await;
        assert_eq!(answer.exit, 4);
        match lang {
            Lang::En => insta::assert_snapshot!(answer.text, @r#"
            ✗ This device is not enrolled
              Ask the office for an invitation, then: field enrol <link or code>
            "#),
            Lang::ZhCn => insta::assert_snapshot!(answer.text, @r#"
            ✗ 本设备尚未登记
              请向办公室索取邀请，然后运行：field enrol <链接或短码>
            "#),
        }
    }
}

#[tokio::test]
async fn dates_levels_and_seals_are_checked_when_typed() {
    let lines: [&[&str]; 6] = [
        &["promise", "add", "--what", "call", "--due", "2025-11-20"],
        &["promise", "add", "--what", "call", "--due", "soon"],
        &["hazard", "add", "leak", "--level", "H3"],
        &["hazard", "add", "smell"],
        &["meter", "seal", "--position", "meter_box", "--state", "replaced", "--no", "A1"],
        &["complaint", "new", "no light", "--address", "Jiefang Rd 1"],
    ];
    for lang in Lang::ALL {
        let desk = started(lang).await;
        let seen = desk.day(&lines).await;
        assert_eq!(seen.matches("(exit 2)").count(), lines.len(), "{seen}");
        match lang {
            Lang::En => insta::assert_snapshot!(seen, @r#"
            $ field promise add --what call --due 2025-11-20
            ✗ 2025-11-20 is over already
            (exit 2)
            $ field promise add --what call --due soon
            ✗ soon does not fit --due
              Like 2026-11-27, 2026-11-27T16:00, tomorrow, +3d, +2h
            (exit 2)
            $ field hazard add leak --level H3
            ✗ "Leak confirmed" is H1; only a reviewer lowers a level
            (exit 2)
            $ field hazard add smell
            ✗ smell does not fit <CODE>
              Possible: leak (Leak confirmed), carbon_monoxide (Carbon monoxide found), flue_missing (Flue missing or not led outdoors), closed_space (Gas of relative density 0.75 or more: pipe, regulator or appliance in a closed underground space), pipe_in_bathroom (Inlet pipe, riser or horizontal main in a bathroom), living_room (Pipe, fittings or appliance in a bedroom or other room for rest), eliminated_equipment (Appliance or connecting hose eliminated by the state), hose_expired (Hose expired or aged), meter_expired (Meter over its service life), no_flame_failure_device (Cooker without flame-failure device), pipe_altered (Pipe altered without permission), advice (Safety advice)
            (exit 2)
            $ field meter seal --position meter_box --state replaced --no A1
            ✗ Missing: --fitted
              More: add --help
            (exit 2)
            $ field complaint new "no light" --address "Jiefang Rd 1"
            ✗ Missing: --utility
              More: add --help
            (exit 2)
            "#),
            Lang::ZhCn => insta::assert_snapshot!(seen, @r#"
            $ field promise add --what call --due 2025-11-20
            ✗ 2025-11-20 已经过去
            (exit 2)
            $ field promise add --what call --due soon
            ✗ soon 不适用于 --due
              例如 2026-11-27、2026-11-27T16:00、tomorrow、+3d、+2h
            (exit 2)
            $ field hazard add leak --level H3
            ✗ “确认漏气”为 H1，只有审核人可以调低等级
            (exit 2)
            $ field hazard add smell
            ✗ smell 不适用于 <代码>
              可选：leak (确认漏气), carbon_monoxide (检出一氧化碳), flue_missing (热水器无烟道或烟道未通室外), closed_space (相对密度不小于 0.75 的燃气管道、调压装置或燃具设在地下室、半地下室、地下箱体等密闭地下空间), pipe_in_bathroom (燃气引入管、立管、水平干管设在卫生间内), living_room (燃气管道及附件、燃具设在卧室、旅馆建筑客房等人员居住和休息的房间内), eliminated_equipment (使用国家明令淘汰的燃气燃烧器具、连接管), hose_expired (胶管超期或老化), meter_expired (超期表), no_flame_failure_device (灶具无熄火保护装置), pipe_altered (私改燃气管道), advice (安全用气提示)
            (exit 2)
            $ field meter seal --position meter_box --state replaced --no A1
            ✗ 缺少：--fitted
              详情请加 --help
            (exit 2)
            $ field complaint new "no light" --address "Jiefang Rd 1"
            ✗ 缺少：--utility
              详情请加 --help
            (exit 2)
            "#),
        }
    }
}

#[tokio::test]
async fn a_wrong_clock_is_told_where_times_begin_to_count() {
    let desk = Desk::new(Lang::En).await;
    let store = desk.store().await;
    store.update_sync_state(|state| state.clock_offset_ms = Some(400 * 86_400_000)).await.unwrap();
    store.close().await;
    insta::assert_snapshot!(desk.day(&[&["visit", "start", "0421"]]).await, @r#"
    $ field visit start 0421
    ! The clock of this device is 400 d 0 h ahead: it says 21 Nov 2025 17:42, right is 17 Oct 2024 17:42. Set it; times recorded until then are doubted
    ✓ C-2025-0421 "Smell of gas in the kitchen" started 17:42. It is now @.
      next: field visit show
    "#);
    let status = desk.ok(&["status"]).await;
    assert!(status.contains("! The clock of this device is 400 d 0 h ahead"), "{status}");
    assert!(
        status.contains("Ready for offline: no, missing: the right time (the clock is 400 d 0 h ahead)"),
        "{status}"
    );
}

#[tokio::test]
async fn what_no_list_knows_and_what_nobody_could_take_is_refused_when_typed() {
    let desk = Desk::new(Lang::En).await;
    desk.ok(&["visit", "start", "0417"]).await;
    let before = acts(&desk).await;
    let long = "长".repeat(301);
    let complaint = [
        "complaint",
        "new",
        "x",
        "--utility",
        "power",
        "--category",
        "power.BIZ.metering",
        "--address",
        &long,
    ];
    let folder = desk.home().data.join("none").join("x.json");
    let no_text = desk.file("said.txt", &[0xff, 0xfe, 0x00]);
    let file = no_text.to_str().unwrap();
    let cases: [(&[&str], i32, &str); 6] = [
        (&["finding", "add", "NOPE", "--text", "x"], 2, "NOPE does not fit <CODE>"),
        (&["finding", "add", "SEAL_ODD"], 2, "SEAL_BROKEN (Seal broken)"),
        (&complaint, 2, "--address has 301 characters; at most 300 are taken"),
        (&["customer", "statement", "--file", file], 2, "that is no text in UTF-8"),
        (&["export", "0417", "--out", folder.to_str().unwrap()], 1, "there is no such file or folder"),
        (&["meter", "withdraw", "c9", "--reason", "x"], 2, "There is no entry c9; the list has 0"),
    ];
    for (line, exit, told) in cases {
        let refused = desk.run(line).await;
        assert_eq!(i32::from(refused.exit), exit, "{}", refused.text);
        assert!(refused.text.contains(told), "{told}: {}", refused.text);
    }
    assert_eq!(acts(&desk).await, before);
    // Case and name do not matter.
    desk.ok(&["finding", "add", "seal_ok"]).await;
    assert!(desk.ok(&["finding", "list"]).await.contains("Seal intact"));
}
