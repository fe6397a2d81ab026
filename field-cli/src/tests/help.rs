//! Help and mistakes on the command line, in both languages.

use super::Desk;
use crate::cli::{Cli, help};
use crate::failure::Exit;
use crate::i18n::{Lang, Words};
use clap::FromArgMatches;

fn help_of(lang: Lang, path: &[&str]) -> String {
    let line = std::iter::once(&"field").chain(path).chain(&["--help"]);
    let error = help::localised(&Words::new(lang)).term_width(100).try_get_matches_from(line).unwrap_err();
    error.render().to_string().lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_command_tree_is_sound_in_every_language() {
    for lang in Lang::ALL {
        help::localised(&Words::new(lang)).debug_assert();
    }
}

#[test]
fn help_in_english() {
    insta::assert_snapshot!(help_of(Lang::En, &[]), @r#"
    Records visits without a network and exchanges them with the server. Nothing you record is lost.

    Usage: field [OPTIONS] <COMMAND>

    Commands:
      enrol        Enrol this device with an invitation from the office
      sync         Send what you recorded, fetch what others did, then send photos
      status       What is on this device and what has arrived; needs no network
      today        The visits of today
      visit        Start, show and finish visits
      answer       Answer an item of the checklist; lists the checklist without arguments
      finding      Record what you found
      meter        Read, check and seal the meter
      gas          Gas tests
      hazard       Record dangers; the highest level counts
      notice       Written notices to the customer
      photo        Photos
      customer     What the customer states and signs
      promise      Promises made to the customer
      complaint    Complaints met in the field
      grumble      File what somebody grumbled about, in ten seconds
      expert       Ask experts, and read what they answered
      outbox       What has not arrived at the server
      conflicts    Values that differ between people
      log          Who recorded what, when, on which device
      undo         Take back your last act; it stays readable
      know         Articles of the office, read and searched without a network
      events       Planned events of the region with the wording for customers, without a network
      search       Search everything on this device
      doctor       Check clock, store, keys and network
      export       Write a visit to a file
      lang         Show or choose the language
      completions  Completion script for a shell
      man          Manual page

    Options:
      -h, --help         Show this help
          --home <DIR>   Folder of this device
          --json         JSON lines instead of words, for scripts
          --lang <LANG>  Language: en, zh-CN
      -V, --version      Show the version

    Exit codes: 0 done · 1 failed · 2 wrong command line · 3 done in part, run again
      4 not enrolled or refused · 5 server unreachable, all safe here · 6 conflicts need a person · 130
      stopped
    Variables: FIELD_LANG (en, zh-CN) · FIELD_HOME (folder of this device) · NO_COLOR
    A day: field sync · field today · field visit start 0417 · … · field visit finish · field sync
    "#);
    insta::assert_snapshot!(help_of(Lang::En, &["visit", "finish"]), @r#"
    Finish the visit, after checking that nothing is missing

    Usage: field visit finish [OPTIONS]

    Options:
          --outcome <OUTCOME>  What came of it: a code
          --skip <ITEM>        Checklist item to leave out, with --why; may be repeated
          --why <WHY>          Why, in words
          --visit <VISIT>      Visit: @ (the current one), a complaint number or its end (0417); @ if
                               not given
      -h, --help               Show this help
          --home <DIR>         Folder of this device
          --json               JSON lines instead of words, for scripts
          --lang <LANG>        Language: en, zh-CN
    "#);
}

#[test]
fn help_in_chinese_names_the_way_back() {
    insta::assert_snapshot!(help_of(Lang::ZhCn, &[]), @r#"
    English: field --lang en --help

    无网络时记录现场核查，联网后与服务器交换。记下的内容不会丢失。

    用法: field [选项] <命令>

    命令:
      enrol        用办公室发出的邀请登记本设备
      sync         上传记录，取回他人的改动，再传照片
      status       本机有什么、已送达什么；无需网络
      today        今天的核查
      visit        开始、查看、完成核查
      answer       填写检查项；不带参数则列出检查表
      finding      记录核查发现
      meter        抄表、检验、封印
      gas          燃气检测
      hazard       记录隐患，以最高等级为准
      notice       给用户的书面告知
      photo        照片
      customer     用户的陈述与签字
      promise      对用户的承诺
      complaint    现场受理的投诉
      grumble      记下听到的抱怨，十秒完成
      expert       咨询专家坐席，查看答复
      outbox       尚未送达服务器的内容
      conflicts    不同人记录不一致的内容
      log          谁在何时用哪台设备记录了什么
      undo         撤销上一步；原内容仍可查看
      know         办公室发布的知识，离线查阅和搜索
      events       本区域的计划事项和对客户的统一口径，离线可查
      search       在本机全部内容中搜索
      doctor       检查时钟、数据、密钥和网络
      export       把一次核查写入文件
      lang         查看或选择语言
      completions  生成命令补全脚本
      man          手册页

    选项:
      -h, --help         显示帮助
          --home <目录>  本机数据目录
          --json         输出 JSON 行，供脚本使用
          --lang <语言>  语言：en、zh-CN
      -V, --version      显示版本

    退出码：0 完成 · 1 失败 · 2 命令行有误 · 3 完成一部分，可再次运行
      4 未登记或被拒绝 · 5 连不上服务器，数据都在本机 · 6 有冲突需要人来定 · 130 已中断
    环境变量：FIELD_LANG（en、zh-CN）· FIELD_HOME（本机数据目录）· NO_COLOR
    一天的用法：field sync · field today · field visit start 0417 · … · field visit finish · field sync
    "#);
    insta::assert_snapshot!(help_of(Lang::ZhCn, &["complaint", "new"]), @r#"
    English: field --lang en --help

    现场受理投诉：当场给用户编号，并开始核查

    用法: field complaint new [选项] [摘要]

    参数:
      [摘要]  用户的说法

    选项:
          --address <地址>      地址
          --utility <业务类别>  业务类别（可选：power, gas, telecom, water）
          --category <分类>     分类代码
          --customer <姓名>     用户姓名
          --phone <电话>        用户电话
          --confidential        用户要求保密，不得告知上门人员
          --meter <号码>        所涉表计的表号
          --checklist <检查表>  核查所用检查表
          --no-visit            只上报，暂不核查
      -h, --help                显示帮助
          --home <目录>         本机数据目录
          --json                输出 JSON 行，供脚本使用
          --lang <语言>         语言：en、zh-CN
    "#);
}

#[test]
fn command_lines_of_the_manual_are_understood() {
    let tree = help::localised(&Words::new(Lang::En));
    for line in [
        "field enrol https://fi.example.cn/enrol#7Q4K-9XGM-2R5T",
        "field enrol 7Q4K-9XGM --server https://fi.example.cn --name dev-07",
        "field sync --photos-later --limit-rate 200k --json",
        "field st",
        "field today",
        "field visit list --date 2025-11-21 --all",
        "field visit show @ --history",
        "field visit start 0417 --at -31.2,121.4",
        "field visit no-access --reason nobody_home",
        "field visit finish --outcome within-limits --skip photo.seal --skip load --why broken",
        "field answer voltage 221.5",
        "field answer voltage -5",
        "field answer voltage --clear",
        "field finding add SEAL_OK --text x --visit 0417",
        "field finding ls",
        "field meter read --register total=012345.6 --register peak=1 --kind actual --confirm-rollover",
        "field meter check watt --pulses 10 --seconds 22.10 --watts -1000",
        "field meter check errors -- -0.3 0.2",
        "field meter check errors -0.3 0.2",
        "field meter seal --no A1 --position terminal_cover --state intact --fitted B2 --photo seal.jpg",
        "field gas leak --joint valve=ok --joint hose=leak",
        "field gas volume --class 1.5 --point 0.102/0.100/180",
        "field hazard add leak --level H1",
        "field notice add --number N-1 --delivered handed_over",
        "field photo add a.jpg b.jpg --tag seal --caption x --allow-old",
        "field customer statement --text x",
        "field customer refuse --reason x",
        "field promise add --what x --due +3d",
        "field promise add --what x --due +3d --article K-0007",
        "field complaint new x --address y --utility gas --category gas.LEAK",
        "field grumble x --place y",
        "field outbox",
        "field outbox retry",
        "field conflicts",
        "field conflicts show 1",
        "field conflicts choose 1 --keep b --why x",
        "field log @",
        "field undo",
        "field events",
        "field know",
        "field know 误差 退费 --unread",
        "field search 电表 快",
        "field doctor --fix",
        "field export 0417 --format json",
        "field lang zh-CN",
        "field completions zsh",
        "field man",
        "field --lang zh --home /tmp/x status",
    ] {
        let parsed = tree
            .clone()
            .try_get_matches_from(line.split(' '))
            .and_then(|found| Cli::from_arg_matches(&found));
        assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
    }
}

#[tokio::test]
async fn mistakes_are_explained_and_end_with_two() {
    let lines: [&[&str]; 8] = [
        &["visti"],
        &["visit", "start"],
        &["visit", "list", "--dat", "today"],
        &["visit", "list", "--date", "gestern"],
        &["meter", "seal", "--state", "gone", "--position", "terminal_cover", "--visit", "0417"],
        &["--lang", "fr", "today"],
        &["visit", "finish", "--skip", "load"],
        &["completions", "tcsh"],
    ];
    let desk = Desk::new(Lang::En).await;
    desk.ok(&["visit", "start", "0417"]).await;
    insta::assert_snapshot!(desk.day(&lines).await, @r#"
    $ field visti
    ✗ There is no command visti
      Did you mean visit?
      More: add --help
    (exit 2)
    $ field visit start
    ✗ Missing: <VISIT>
      More: add --help
    (exit 2)
    $ field visit list --dat today
    ✗ There is no option --dat here
      Did you mean --date?
      More: add --help
    (exit 2)
    $ field visit list --date gestern
    ✗ gestern does not fit --date
      Like 2026-11-27
    (exit 2)
    $ field meter seal --state gone --position terminal_cover --visit 0417
    ✗ gone does not fit --state
      Possible: intact (Intact), missing (Missing), broken (Broken), mismatch (Number differs), replaced (Replaced)
    (exit 2)
    $ field --lang fr today
    ✗ fr does not fit --lang <LANG>
      "fr" is no language of this program: en, zh-CN / 没有这种语言：en、zh-CN
      More: add --help
    (exit 2)
    $ field visit finish --skip load
    ✗ Missing: --why <WHY>
      More: add --help
    (exit 2)
    $ field completions tcsh
    ✗ tcsh does not fit <SHELL>
      Did you mean zsh?
      Possible: bash, elvish, fish, powershell, zsh
      More: add --help
    (exit 2)
    "#);
    let desk = Desk::new(Lang::ZhCn).await;
    desk.ok(&["visit", "start", "0417"]).await;
    insta::assert_snapshot!(desk.day(&lines).await, @r#"
    $ field visti
    ✗ 没有命令 visti
      是不是想用 visit？
      详情请加 --help
    (exit 2)
    $ field visit start
    ✗ 缺少：<核查>
      详情请加 --help
    (exit 2)
    $ field visit list --dat today
    ✗ 这里没有选项 --dat
      是不是想用 --date？
      详情请加 --help
    (exit 2)
    $ field visit list --date gestern
    ✗ gestern 不适用于 --date
      例如 2026-11-27
    (exit 2)
    $ field meter seal --state gone --position terminal_cover --visit 0417
    ✗ gone 不适用于 --state
      可选：intact (完好), missing (缺失), broken (破损), mismatch (编号不符), replaced (已更换)
    (exit 2)
    $ field --lang fr today
    ✗ fr 不适用于 --lang <语言>
      "fr" is no language of this program: en, zh-CN / 没有这种语言：en、zh-CN
      详情请加 --help
    (exit 2)
    $ field visit finish --skip load
    ✗ 缺少：--why <理由>
      详情请加 --help
    (exit 2)
    $ field completions tcsh
    ✗ tcsh 不适用于 <SHELL>
      是不是想用 zsh？
      可选：bash, elvish, fish, powershell, zsh
      详情请加 --help
    (exit 2)
    "#);
}

#[tokio::test]
async fn the_chosen_language_is_kept() {
    let desk = Desk::new(Lang::En).await;
    insta::assert_snapshot!(desk.day(&[&["lang"], &["lang", "中文"]]).await, @r#"
    $ field lang
    Language: en
    $ field lang 中文
    ✓ 今后使用语言 zh-CN
    "#);
    let kept = std::fs::read_to_string(desk.home().data.join("lang")).unwrap();
    assert_eq!(kept, "zh-CN");
}

#[test]
fn every_exit_code_stands_in_the_document() {
    let document = include_str!("../../../docs/field.md");
    let words = Words::new(Lang::En);
    for exit in Exit::ALL {
        let code = exit.code().to_string();
        let row = format!("| {code} | {} |", words.code("exit", &code));
        assert!(document.contains(&row), "{row}");
    }
}

#[tokio::test]
async fn completions_and_manual_come_from_the_same_tree() {
    let desk = Desk::new(Lang::ZhCn).await;
    let script = desk.ok(&["completions", "bash"]).await;
    assert!(script.contains("no-access") && script.contains("--confirm-rollover"));
    let page = desk.ok(&["man"]).await;
    assert!(page.contains("无网络时记录现场核查") && page.contains(".SH 用法"), "{page}");
    assert!(page.contains(".SH 退出码\n.TP\n\\fB0\\fR\n完成。"), "{page}");
    assert!(!page.contains("NAME") && !page.contains("EXTRA"), "{page}");
    let dir = desk.root.path().join("man");
    desk.ok(&["man", "--dir", dir.to_str().unwrap()]).await;
    assert!(std::fs::read_to_string(dir.join("field-visit-finish.1")).unwrap().contains("检查有无遗漏"));
}
