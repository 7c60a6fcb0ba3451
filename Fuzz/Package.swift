// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "fuzz",
    dependencies: [
        .package(name: "tocsin", path: ".."),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
    ],
    targets: [
        .executableTarget(
            name: "fuzz",
            dependencies: [
                .product(name: "TocsinParts", package: "tocsin"),
                .product(name: "Hummingbird", package: "hummingbird"),
            ],
            swiftSettings: [.enableUpcomingFeature("ExistentialAny")],
            // The default linker does not get along with the coverage of libFuzzer.
            linkerSettings: [.unsafeFlags(["-Xclang-linker", "-fuse-ld=lld"])])
    ]
)
