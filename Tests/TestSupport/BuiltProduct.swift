import Foundation

/// Programs that are built beside the tests' own binary.
public enum BuiltProduct {
    /// The path of `script-sandbox`.
    public static let scriptSandbox =
        ProcessInfo.processInfo.environment["TOCSIN_SCRIPT_SANDBOX"] ?? path(of: "script-sandbox")

    /// The path of a program of this package. Its absence ends the tests: nothing that needs it can be tested.
    public static func path(of name: String) -> String {
        let places = [CommandLine.arguments[0], Bundle.main.bundlePath, Bundle.main.executablePath ?? ""]
        for place in places {
            var folder = URL(fileURLWithPath: place)
            while folder.path != "/" {
                let candidate = folder.appendingPathComponent(name).path
                var isFolder: ObjCBool = false
                if FileManager.default.fileExists(atPath: candidate, isDirectory: &isFolder), !isFolder.boolValue {
                    return candidate
                }
                folder.deleteLastPathComponent()
            }
        }
        fatalError("\(name) is not beside \(places)")
    }
}
