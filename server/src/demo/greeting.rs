//! What the terminal shows when the demonstration runs: where to look, how to sign in, what to try.

use super::story::Story;
use super::{Demo, Ready};
use crate::devices::Invitation;
use crate::problem::Language;
use std::fmt::Write;
use std::net::SocketAddr;

/// Whose device the invitation is for.
pub(super) fn technician(language: Language) -> &'static str {
    match language {
        Language::ZhCn => "zhangwei",
        Language::En => "carter",
    }
}

/// Said before the first start, which takes a few seconds.
pub fn patience(language: Language) -> &'static str {
    match language {
        Language::ZhCn => "正在准备演示：写入投诉、派单和昨天的外勤记录 …\n",
        Language::En => "Preparing the demonstration: complaints, work orders and yesterday's field work …\n",
    }
}

/// The words for a demonstration that listens at this address.
pub fn greeting(demo: &Demo, address: SocketAddr, invitation: &Invitation, language: Language) -> String {
    let stale = (demo.day() != demo.ready.made_on).then_some(&demo.ready);
    let text = Text { zh: language == Language::ZhCn, url: format!("http://{address}") };
    let folder = demo.folder().display().to_string();
    [text.head(&folder, demo.is_new, stale), text.people(), text.office(), text.field(invitation), text.end()]
        .join("\n")
}

struct Text {
    zh: bool,
    url: String,
}

impl Text {
    fn pick<'t>(&self, zh: &'t str, en: &'t str) -> &'t str {
        if self.zh { zh } else { en }
    }

    fn head(&self, folder: &str, is_new: bool, stale: Option<&Ready>) -> String {
        let url = &self.url;
        let mut text = match (self.zh, is_new) {
            (true, true) => format!("✓ Fieldloop 演示已就绪：{url}\n  数据存放在 {folder}\n"),
            (true, false) => {
                format!("✓ Fieldloop 演示继续运行：{url}\n  数据沿用 {folder}，重新开始请加 --fresh\n")
            }
            (false, true) => format!(
                "✓ The Fieldloop demonstration is ready at {url}\n  Everything it keeps is in {folder}\n"
            ),
            (false, false) => format!(
                "✓ The Fieldloop demonstration continues at {url}\n  Kept in {folder}; start over with --fresh\n"
            ),
        };
        if let Some(Ready { made_on, .. }) = stale {
            // Writing into a String cannot fail.
            let _ = match self.zh {
                true => writeln!(text, "  “今天”的走访安排在 {made_on}；想要今天的，请加 --fresh"),
                false => {
                    writeln!(text, "  Its visits \"for today\" are of {made_on}; --fresh makes them anew")
                }
            };
        }
        text
    }

    fn people(&self) -> String {
        let people = Story::embedded().people;
        let mut text = match self.zh {
            true => format!("办公室登录（密码均为 {}）\n", people.password),
            false => format!("Sign in to the office (everybody's password: {})\n", people.password),
        };
        for person in &people.office {
            let role = person.roles.first().map_or("", String::as_str);
            let role = role.split('@').next().unwrap_or(role);
            let units: Vec<&str> =
                person.roles.iter().filter_map(|role| Some(role.split_once('@')?.1)).collect();
            let units = units.join(self.pick("、", ", "));
            let duty = match role {
                "administrator" => self.pick("管理员：人员、设备", "administrator: people, devices"),
                "lead" => self.pick("组长：受理、派单、审核", "lead: everything in the office"),
                "clerk" => self.pick("客服：受理、派单", "clerk: takes complaints, sends technicians"),
                "reviewer" => self.pick("审核：处理冲突、结案", "reviewer: settles conflicts, closes"),
                "expert" => self.pick("专家：查阅、答复提问", "expert: reads everything, answers questions"),
                "inspector" => self.pick("纪检：行风举报", "inspector: reports about the conduct of staff"),
                other => other,
            };
            let limit = match (units.as_str(), self.zh) {
                ("", _) => String::new(),
                (units, true) => format!("（仅{units}）"),
                (units, false) => format!(" (only {units})"),
            };
            // Chinese characters take two columns.
            let wide = person.display_name.chars().filter(|sign| !sign.is_ascii()).count();
            let width = 12 - wide.min(11);
            let _ = writeln!(text, "  {:<10}{:<width$}{duty}{limit}", person.login_name, person.display_name);
        }
        let names: Vec<&str> = people.technicians.iter().map(|person| person.display_name.as_str()).collect();
        let names = names.join(self.pick("、", ", "));
        let _ = match self.zh {
            true => writeln!(text, "  外勤：{names}，用设备登录，无需密码"),
            false => writeln!(text, "  Technicians {names} sign in with a device, not with a password"),
        };
        text
    }

    fn office(&self) -> String {
        let url = &self.url;
        let title = self.pick(
            "看看办公室的视角（在浏览器中打开，用 zhaolei 登录）",
            "Look at it as the office does (in a browser, signed in as zhaolei)",
        );
        let looks = [
            ("/queue", self.pick("全部投诉", "all complaints")),
            ("/conflicts", self.pick("两处未决的冲突", "two open conflicts")),
            ("/arrivals", self.pick("一项被拒的修改", "one refused change")),
            ("/devices", self.pick("设备（用 admin 登录）", "devices (as admin)")),
            ("/openapi.json", self.pick("接口说明", "the JSON API")),
        ];
        let mut text = format!("{title}\n");
        for (path, what) in looks {
            let address = format!("{url}{path}");
            let _ = writeln!(text, "  {address:<37} {what}");
        }
        text
    }

    fn field(&self, invitation: &Invitation) -> String {
        let (name, code, link, url) =
            (&invitation.person_name, &invitation.code, &invitation.link, &self.url);
        let field = "cargo run --release --bin field --";
        let title = match self.zh {
            true => format!("以外勤 {name} 的身份试用 field（另开一个终端；10 分钟内有效，仅限一次）"),
            false => {
                format!("Try field as the technician {name} (second terminal; good for 10 minutes, once)")
            }
        };
        let (get, today) =
            (self.pick("取回今天的任务", "fetch today's work"), self.pick("今天的走访", "today's visits"));
        let by_link = self.pick("或用链接", "or by the link");
        format!(
            "{title}\n  export FIELD_HOME=$(mktemp -d)\n  {field} enrol {code} --server {url}\n  \
             {field} sync    # {get}\n  {field} today   # {today}\n  {by_link}: {link}\n"
        )
    }

    fn end(&self) -> String {
        let text = self.pick(
            "按 Ctrl-C 停止；再次运行会接着用同样的数据。",
            "Ctrl-C stops it; the next run continues with the same data.",
        );
        format!("{text}\n")
    }
}
