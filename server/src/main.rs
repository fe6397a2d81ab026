//! `fieldloop`: the server and its administration.

use anyhow::Context;
use server::app::{self, App};
use server::cli::{self, Arguments, Command, Shown};
use server::clock::{Clock, Entropy};
use server::config::{Config, LogConfig, LogFormat};
use server::demo::{self, Demo, DemoArgs};
use server::devices::cli as device_cli;
use server::exchange;
use server::http::{self, HttpLimits};
use server::people::cli as people_cli;
use server::problem::{self, Language, Problem};
use server::{check, telemetry};
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::process::ExitCode;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

fn main() -> ExitCode {
    let typed: Vec<_> = std::env::args_os().collect();
    if typed.len() == 2 && typed[1] == exchange::MERGE_WORKER {
        // No command line, no runtime, no configuration, no log: nothing that untrusted bytes could reach, and no
        // memory for what a worker never does.
        return exchange::run_merge_worker().map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS);
    }
    let arguments = match cli::parse(&typed) {
        Ok(arguments) => arguments,
        Err(Shown { mistake: None, error, .. }) => error.exit(),
        Err(Shown { mistake: Some(mistake), code, .. }) => {
            let _ = std::io::stderr().write_all(mistake.as_bytes());
            std::process::exit(code);
        }
    };
    if matches!(arguments.command, Command::Serve | Command::Demo(_)) {
        share_memory();
    }
    let language = cli::language(arguments.lang.as_deref());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads()).enable_all().build();
    let outcome = runtime.context("start the runtime").and_then(|runtime| runtime.block_on(run(arguments)));
    match outcome {
        Ok(code) => code,
        Err(error) => {
            // Standard error may be closed; there is nobody left to tell.
            let _ = match language {
                Language::En => writeln!(std::io::stderr(), "fieldloop: {}", causes(&error)),
                Language::ZhCn => {
                    writeln!(std::io::stderr(), "fieldloop：{}", cli::told_in_chinese(&causes(&error)))
                }
            };
            ExitCode::FAILURE
        }
    }
}

/// Threads that pass requests on: half of the processors. What computes for long has threads and processes of its own
/// (merges, SQLite, photos, passwords), and a thread more than there is work for only wakes the others.
fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, |processors| processors.get().div_ceil(2))
}

/// Lets all threads take memory from four pools. The GNU allocator gives each thread one of its own, which keeps what the
/// largest request of that thread once needed; it reads this setting only when a process starts, so this one starts
/// anew, under the same number. Where that fails the server runs with more memory.
fn share_memory() {
    const POOLS: (&str, &str) = ("MALLOC_ARENA_MAX", "4");
    if !cfg!(all(target_os = "linux", target_env = "gnu")) || std::env::var_os(POOLS.0).is_some() {
        return;
    }
    if let Ok(program) = std::env::current_exe() {
        let mut again = std::process::Command::new(program);
        let _ = again.args(std::env::args_os().skip(1)).env(POOLS.0, POOLS.1).exec();
    }
}

async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let language = cli::language(arguments.lang.as_deref());
    if matches!(arguments.command, Command::Openapi) {
        return show(&app::openapi_json());
    }
    if let Command::Demo(arguments) = arguments.command {
        return demo(arguments, language).await;
    }
    let config = Config::load(arguments.config.as_deref()).map_err(|error| match language {
        Language::En => anyhow::Error::from(error),
        Language::ZhCn => anyhow::anyhow!("{}", cli::apart("配置有误：请改正后重试", error)),
    })?;
    match arguments.command {
        Command::Serve => serve(config, language).await,
        Command::Migrate => {
            let store = app::open_store(&config).await.map_err(|error| error.explained(language))?;
            let missing = store.migrations_missing().await?;
            store.migrate().await?;
            store.close().await;
            show(&match language {
                Language::En => format!("{missing} migrations applied\n"),
                Language::ZhCn => format!("已执行 {missing} 个迁移\n"),
            })
        }
        Command::Check => {
            let (text, sound) = check::report(&check::check(&config, language).await, language);
            show(&text)?;
            Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Command::NewEpoch { reason } => {
            let epoch = app::new_epoch(&config, &Clock::System, &reason);
            let epoch = epoch.await.map_err(|error| error.explained(language))?;
            show(&match language {
                Language::En => format!(
                    "✓ epoch {epoch} has begun; restart a server that runs. Devices offer again what this server lacks\n"
                ),
                Language::ZhCn => {
                    format!("✓ 已开始纪元 {epoch}；正在运行的服务器请重启。设备会重新提交服务器缺少的内容\n")
                }
            })
        }
        Command::User(command) => {
            let app = open(config, language).await?;
            let text =
                people_cli::run(&app, command, language).await.map_err(|error| explain(error, language))?;
            app.store.close().await;
            show(&text)
        }
        Command::Device(command) => {
            let app = open(config, language).await?;
            let text =
                device_cli::run(&app, command, language).await.map_err(|error| explain(error, language))?;
            app.store.close().await;
            show(&text)
        }
        Command::Openapi | Command::Demo(_) => Ok(ExitCode::SUCCESS),
    }
}

/// The server's state for a command on the terminal: warnings only, for eyes.
async fn open(config: Config, language: Language) -> anyhow::Result<App> {
    telemetry::start_log(&LogConfig { filter: "warn".to_owned(), format: LogFormat::Text })?;
    let folder = config.data.folder.clone();
    let is_new = !folder.join("keys").exists();
    let app = App::open(config, Clock::System, Entropy::System).await;
    let app = app.map_err(|error| error.explained(language))?;
    if is_new {
        // Whoever stands in the wrong folder should hear so.
        let folder = std::path::absolute(&folder).unwrap_or(folder);
        let folder = folder.display();
        let _ = match language {
            Language::En => writeln!(std::io::stderr(), "! A new installation was made in {folder}"),
            Language::ZhCn => writeln!(std::io::stderr(), "! 已在 {folder} 新建一个安装"),
        };
    }
    Ok(app)
}

async fn serve(config: Config, language: Language) -> anyhow::Result<ExitCode> {
    telemetry::start_log(&config.log)?;
    let listen = config.server.listen;
    let metrics = config.metrics.listen;
    let app = App::open(config, Clock::System, Entropy::System).await;
    let app = app.map_err(|error| error.explained(language))?;
    let listener = bind(listen, "server.listen", language).await?;
    let address = listener.local_addr()?;
    if let Some(listen) = metrics {
        let listener = bind(listen, "metrics.listen", language).await?;
        let router = telemetry::router(telemetry::start_metrics()?);
        tokio::spawn(http::serve(listener, router, HttpLimits::default(), std::future::pending()));
    }
    tracing::info!(%address, server = %app.installation.server_id, epoch = app.installation.epoch, "serving");
    let stop = told_to_stop()?;
    // Scripts that asked for port 0 read the address from here.
    show(&match language {
        Language::En => format!("listening on http://{address}\n"),
        Language::ZhCn => format!("正在监听 http://{address}\n"),
    })?;
    app.serve(listener, stop).await;
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

async fn bind(listen: SocketAddr, setting: &str, language: Language) -> anyhow::Result<TcpListener> {
    TcpListener::bind(listen).await.map_err(|error| match language {
        Language::En => {
            anyhow::anyhow!("cannot listen on {listen}: {error}. Set another address in {setting}.")
        }
        Language::ZhCn => {
            let sentence = format!("无法监听 {listen}：请停止占用它的程序，或在 {setting} 中另设地址");
            anyhow::anyhow!("{}", cli::apart(sentence, error))
        }
    })
}

async fn bind_demo(listen: SocketAddr, language: Language) -> anyhow::Result<TcpListener> {
    TcpListener::bind(listen).await.map_err(|error| match language {
        Language::En => {
            anyhow::anyhow!("cannot listen on {listen}: {error}. --listen 127.0.0.1:0 takes a free port.")
        }
        Language::ZhCn => {
            let sentence = format!("无法监听 {listen}；--listen 127.0.0.1:0 会选用空闲端口");
            anyhow::anyhow!("{}", cli::apart(sentence, error))
        }
    })
}

async fn demo(mut arguments: DemoArgs, language: Language) -> anyhow::Result<ExitCode> {
    telemetry::start_log(&LogConfig { filter: "error".to_owned(), format: LogFormat::Text })?;
    arguments.check().map_err(|error| error.explained(language))?;
    // The port comes first: a server that could not be reached needs no story.
    let listen = arguments.listen;
    let listener = bind_demo(listen, language).await?;
    arguments.listen = listener.local_addr()?;
    let before_telling = || {
        // Somebody who closed standard output still gets the demonstration.
        let _ = show(demo::patience(language));
    };
    let demo = Demo::open(&arguments, Clock::System, before_telling).await;
    let demo = demo.map_err(|error| error.explained(language))?;
    let invitation = demo.invite(language).await?;
    let stop = told_to_stop()?;
    show(&demo::greeting(&demo, arguments.listen, &invitation, language))?;
    demo.app.serve(listener, stop).await;
    Ok(ExitCode::SUCCESS)
}

/// Resolves when a signal tells this process to stop. A second one ends it at once.
fn told_to_stop() -> anyhow::Result<impl Future<Output = ()>> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
        // A second signal ends the process at once: whatever was acknowledged is durable.
        tokio::spawn(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            std::process::exit(1);
        });
    })
}

/// A failure with its causes, each said once: some name their cause themselves.
fn causes(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if !text.contains(&cause) {
            text.push_str(if text.is_empty() { "" } else { ": " });
            text.push_str(&cause);
        }
    }
    text
}

/// What happened and what to do, in the language of the terminal; the details stay as they are.
fn explain(error: impl std::error::Error + Into<Problem>, language: Language) -> anyhow::Error {
    let found = error.to_string();
    let kind = error.into().kind();
    // What is typed at a terminal has no form and no body to look at.
    if *kind == problem::BODY_INVALID {
        return match language {
            Language::En => anyhow::anyhow!("{found}"),
            Language::ZhCn => anyhow::anyhow!("{}", cli::apart("输入无效，没有改动任何内容", found)),
        };
    }
    match language {
        Language::En => anyhow::anyhow!("{found}. {}", kind.en.1),
        Language::ZhCn => {
            anyhow::anyhow!("{}", cli::apart(format!("{}。{}", kind.zh.0, kind.zh.1), found))
        }
    }
}

/// Prints a text; a reader that went away (`| head`) is no failure.
fn show(text: &str) -> anyhow::Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(ExitCode::SUCCESS),
    }
}
