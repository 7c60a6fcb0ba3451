import Foundation

// fuzz TARGET [libFuzzer's options and corpus folders]: see run.sh.

/// libFuzzer's own loop (https://llvm.org/docs/LibFuzzer.html#using-libfuzzer-as-a-library).
@_silgen_name("LLVMFuzzerRunDriver")
func runDriver(
    _ count: UnsafeMutablePointer<Int32>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32

/// One way in for bytes from outside. A problem ends the process: libFuzzer then keeps the bytes.
protocol FuzzTarget {
    func take(_ bytes: [UInt8])
}

let targets: [String: () throws -> any FuzzTarget] = [
    "body": BodyTarget.init, "door": DoorTarget.init, "workflow": WorkflowTarget.init, "xml": XMLTarget.init,
]

guard let make = CommandLine.arguments.dropFirst().first.flatMap({ targets[$0] }) else {
    print("usage: fuzz \(targets.keys.sorted().joined(separator: "|")) [OPTIONS] [CORPUS…]")
    exit(2)
}
nonisolated(unsafe) let target = try make()

var count = CommandLine.argc - 1
var arguments = CommandLine.unsafeArgv + 1
exit(
    runDriver(&count, &arguments) { data, count in
        target.take(Array(UnsafeBufferPointer(start: data, count: count)))
        return 0
    })
