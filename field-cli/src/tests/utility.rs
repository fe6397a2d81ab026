//! Checks that do not fit what the record is about.

use super::{Desk, acts, started};
use crate::i18n::Lang;

#[tokio::test]
async fn a_check_of_another_utility_is_refused_until_somebody_says_that_the_record_is_wrong() {
    let desk = Desk::new(Lang::En).await;
    desk.ok(&["visit", "start", "0421"]).await;
    let check = [
        "meter",
        "check",
        "watt",
        "--constant",
        "1600",
        "--pulses",
        "20",
        "--seconds",
        "60",
        "--watts",
        "750",
        "--class",
        "2",
        "--timed",
    ];
    let refused = desk.run(&check).await;
    insta::assert_snapshot!(format!("{}(exit {})", refused.text, refused.exit), @r#"
    ✗ C-2025-0421 is on record as Gas, but this is a check of an electricity meter
      What fits the record: field gas leak|pressure|tightness|volume
      If the record is wrong, or there is such a meter as well: add --confirm-utility. The office sees both.
    (exit 2)
    "#);
    let confirmed = desk.ok(&[&check[..], &["--confirm-utility"]].concat()).await;
    insta::assert_snapshot!(confirmed, @r#"
    ! C-2025-0421 is on record as Gas, but this is a check of an electricity meter
      expected 60 s · measured 60 s
      error 0.0 % (unrounded 0.0000 %), limit ±2.0 %: within the limit
      class 2 · Replace when over the class limit (DL/T 448-2000 7.3 d)
    ! Load not recorded (--current, --power-factor): whether it was large enough is not checked
    ✓ saved   check c1
    "#);
    let listed = desk.ok(&["meter", "list"]).await;
    assert!(listed.contains("Watt-second method"), "{listed}");
}

#[tokio::test]
async fn a_gas_test_at_an_electricity_meter_is_refused_and_leaves_its_meter_aside_once_confirmed() {
    let desk = started(Lang::ZhCn).await;
    let before = acts(&desk).await;
    let test = ["gas", "leak", "--joint", "灶前阀=ok"];
    let refused = desk.run(&test).await;
    insta::assert_snapshot!(format!("{}(exit {})", refused.text, refused.exit), @r#"
    ✗ C-2025-0417 在档案中的业务类别是电力，而这是燃气检测
      与档案相符的命令：field meter check watt|reference|pulse|power|errors
      若档案有误，或现场另有此类表计：加上 --confirm-utility。业务人员两者都能看到。
    (exit 2)
    "#);
    assert_eq!(acts(&desk).await, before);
    let confirmed = desk.ok(&[&test[..], &["--confirm-utility"]].concat()).await;
    insta::assert_snapshot!(confirmed, @r#"
    ! C-2025-0417 在档案中的业务类别是电力，而这是燃气检测
      不采用档案中表计的表号、等级和常数；填写表号：--meter
      合格 · 入户检漏（检漏液或可燃气体检测仪）
    ✓ 已保存   检查项 0/7
      下一步：field answer appearance_ok yes|no
    "#);
    let items = desk.ok(&["answer"]).await;
    assert!(
        items.contains("· 5  误差检验"),
        "a gas test answers no question about an electricity meter: {items}"
    );
    let recorded = desk.ok(&["export", "0417", "--format", "json"]).await;
    let record: serde_json::Value = serde_json::from_str(&recorded).unwrap();
    assert!(!record["gas_tests"].to_string().contains("000000110438"), "{record}");
}

#[tokio::test]
async fn the_class_on_record_is_not_that_of_another_meter() {
    let desk = started(Lang::En).await;
    let check = ["meter", "check", "errors", "0.5", "0.7", "--meter", "000000999999"];
    let refused = desk.run(&check).await;
    assert_eq!(refused.exit, 2, "{}", refused.text);
    assert!(refused.text.contains("Missing: --class"), "{}", refused.text);
    desk.ok(&[&check[..], &["--class", "1"]].concat()).await;
}
