// swift-tools-version: 6.2
import PackageDescription

// The dependency lists below are the architecture: docs/ARCHITECTURE.md says why, Tests/TidyTests holds us to it.

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .treatAllWarnings(as: .error),
]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let configuration = Target.Dependency.product(name: "Configuration", package: "swift-configuration")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let mustache = Target.Dependency.product(name: "Mustache", package: "swift-mustache")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")

func shared(_ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource]? = nil) -> Target {
    .target(
        name: name, dependencies: dependencies, path: "Shared/\(name)", resources: resources, swiftSettings: strict)
}

func service(_ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource]? = nil) -> Target {
    .target(
        name: name, dependencies: dependencies, path: "Services/\(name)", resources: resources, swiftSettings: strict)
}

func executable(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(
        name: name, dependencies: dependencies, path: "Services/Executables/\(name)", swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(
        name: name, dependencies: dependencies, path: "Tests/\(name)", exclude: exclude, swiftSettings: strict)
}

func system(_ name: String, pkgConfig: String, apt: String) -> Target {
    .systemLibrary(name: name, path: "Shared/\(name)", pkgConfig: pkgConfig, providers: [.apt([apt])])
}

let package = Package(
    name: "tocsin",
    products: [
        // What Benchmarks and Fuzz, packages of their own, take from inside.
        .library(
            name: "TocsinParts",
            targets: [
                "AlertCore", "CQuickJS", "Endpoints", "Ingest", "JavaScriptEngine", "Messaging", "OutboundHTTP",
                "Persistence", "PostgresDatabase", "SQLiteDatabase", "Scripting", "WebhookDispatcher",
                "WorkflowArchive",
            ])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: ["CommandLineArguments"]),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.80.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.30.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // C libraries, each imported by the one adapter that owns it.
        system("CSQLite", pkgConfig: "sqlite3", apt: "libsqlite3-dev"),
        system("CLibPQ", pkgConfig: "libpq", apt: "libpq-dev"),
        system("CLibXML2", pkgConfig: "libxml-2.0", apt: "libxml2-dev"),
        system("CLibRDKafka", pkgConfig: "rdkafka", apt: "librdkafka-dev"),
        system("CLibZip", pkgConfig: "libzip", apt: "libzip-dev"),
        system("CAres", pkgConfig: "libcares", apt: "libc-ares-dev"),
        system("CGMime", pkgConfig: "gmime-3.0", apt: "libgmime-3.0-dev"),
        .target(name: "CCurl", path: "Shared/CCurl", linkerSettings: [.linkedLibrary("curl")]),
        // QuickJS-ng: `make vendor` puts its sources into upstream/.
        .target(
            name: "CQuickJS", path: "Shared/CQuickJS",
            sources: [
                "shim.c", "upstream/quickjs.c", "upstream/libregexp.c", "upstream/libunicode.c", "upstream/dtoa.c",
            ],
            cSettings: [
                .define("_GNU_SOURCE"), .define("QUICKJS_NG_BUILD"),
                .unsafeFlags(["-O2", "-Wno-everything", "-funsigned-char", "-fwrapv"]),
            ]),

        // xmldom: `make vendor` puts its modules into upstream/, as C.
        .target(name: "CXMLDOM", path: "Shared/CXMLDOM", sources: ["upstream/modules.c"]),

        shared("AlertCore", [crypto]),
        shared("WorkflowArchive", ["AlertCore", "CLibZip"]),
        shared("Persistence", ["AlertCore", crypto, cryptoExtras, logging], resources: [.copy("Migrations")]),
        shared("SQLiteDatabase", ["Persistence", "CSQLite"]),
        shared("PostgresDatabase", ["Persistence", "CLibPQ"]),
        shared("Messaging", ["Persistence", lifecycle, logging, metrics]),
        shared("KafkaBus", ["Messaging", "CLibRDKafka", logging]),
        shared("Scripting", [logging]),
        shared("JavaScriptEngine", ["Scripting", "CLibXML2", "CQuickJS", "CXMLDOM"]),
        shared("OutboundHTTP", ["CAres", "CCurl", logging]),
        shared("Endpoints", ["AlertCore", "OutboundHTTP", "Persistence", logging]),
        shared("Answers", ["AlertCore", "Messaging", "Persistence"]),
        shared("ServiceSettings", [configuration]),
        shared(
            "Bootstrap",
            [
                "Answers", "Endpoints", "KafkaBus", "Messaging", "OutboundHTTP", "Persistence", "PostgresDatabase",
                "ServiceSettings", "SQLiteDatabase", "Scripting", "AlertEngine", "API", "Ingest", "MailReceiver",
                "Notifier", "SelfAudit", "WebhookDispatcher", configuration, hummingbird, hummingbirdCore, lifecycle,
                logging, metrics, nioCore, nioSSL, unixSignals,
            ]),

        service(
            "Ingest",
            ["AlertCore", "Endpoints", "Messaging", "OutboundHTTP", "Persistence", "Scripting", hummingbird, metrics]),
        service("AlertEngine", ["AlertCore", "Messaging", "Persistence", metrics]),
        service(
            "Notifier",
            ["AlertCore", "Answers", "Messaging", "OutboundHTTP", "Persistence", "Scripting", crypto, metrics]),
        service("SelfAudit", ["AlertCore", "OutboundHTTP", "Persistence", lifecycle, logging, metrics]),
        service(
            "MailReceiver",
            [
                "AlertCore", "Answers", "CGMime", "OutboundHTTP", "Persistence", crypto, lifecycle, logging, metrics,
                nioCore, nioPosix,
            ]),
        service(
            "WebhookDispatcher",
            ["AlertCore", "Endpoints", "Messaging", "OutboundHTTP", "Persistence", "Scripting", crypto, metrics]),
        service(
            "API",
            [
                "AlertCore", "Answers", "Endpoints", "Messaging", "Persistence", "WorkflowArchive", hummingbird,
                lifecycle, metrics, mustache,
            ],
            resources: [.copy("Console/Templates"), .copy("Console/Static")]),

        executable("ingest", ["Bootstrap"]),
        executable("alert-engine", ["Bootstrap"]),
        executable("notifier", ["Bootstrap"]),
        executable("webhook-dispatcher", ["Bootstrap"]),
        executable("api", ["Bootstrap"]),
        executable("self-audit", ["Bootstrap"]),
        executable("script-sandbox", ["JavaScriptEngine"]),
        executable("tocsin", ["Bootstrap", "WorkflowArchive", argumentParser, hummingbird]),

        .target(
            name: "TestSupport", dependencies: ["Messaging", "Persistence", "PostgresDatabase", "SQLiteDatabase"],
            path: "Tests/TestSupport", swiftSettings: strict),
        tests("AlertCoreTests", ["AlertCore", "TestSupport"]),
        tests("WorkflowArchiveTests", ["AlertCore", "CLibZip", "WorkflowArchive"]),
        tests("PersistenceTests", ["AlertCore", "Persistence", "PostgresDatabase", "TestSupport", logging]),
        tests("MessagingTests", ["AlertCore", "KafkaBus", "Messaging", "Persistence", "TestSupport"]),
        tests("ScriptingTests", ["JavaScriptEngine", "Scripting", "TestSupport"], exclude: ["Corpus"]),
        tests("OutboundHTTPTests", ["OutboundHTTP", "TestSupport"]),
        tests(
            "EndpointsTests", ["AlertCore", "Endpoints", "OutboundHTTP", "Persistence", "TestSupport", hummingbird]),
        tests(
            "ServiceTests",
            [
                "AlertCore", "AlertEngine", "Answers", "API", "Bootstrap", "Endpoints", "Ingest", "MailReceiver",
                "Messaging", "Notifier", "OutboundHTTP", "Persistence", "Scripting", "SelfAudit", "TestSupport",
                "WebhookDispatcher", "WorkflowArchive",
            ], exclude: ["Fixtures"]),
        // All services in one process under virtual time. CSimulation takes the place of the C library's clocks and random
        // numbers in whatever links it: the program `simulate`, and nothing else.
        .target(name: "CSimulation", path: "Tests/CSimulation"),
        .target(
            name: "Simulation",
            dependencies: [
                "AlertCore", "AlertEngine", "Endpoints", "Ingest", "Messaging", "Notifier", "OutboundHTTP",
                "Persistence", "SQLiteDatabase", "Scripting", "WebhookDispatcher", hummingbird, lifecycle, logging,
                nioCore,
            ], path: "Tests/Simulation", exclude: ["Bugs"], swiftSettings: strict),
        .executableTarget(
            name: "simulate", dependencies: ["CSimulation", "Simulation"], path: "Tests/Simulate",
            swiftSettings: strict),
        tests("SimulationTests", ["AlertCore", "Persistence", "Simulation", "TestSupport"]),
        tests("TidyTests", []),
    ]
)
