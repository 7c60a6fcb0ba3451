import Foundation

/// Programs that are built beside the tests' own binary.
public enum BuiltProduct {
    /// The path of `script-sandbox`. Its absence ends the tests: nothing that needs it can be tested.
    public static let scriptSandbox: String = {
        if let path = ProcessInfo.processInfo.environment["TOCSIN_SCRIPT_SANDBOX"] { return path }
        let places = [CommandLine.arguments[0], Bundle.main.bundlePath, Bundle.main.executablePath ?? ""]
        for place in places {
            var folder = URL(fileURLWithPath: place)
            while folder.path != "/" {
                let candidate = folder.appendingPathComponent("script-sandbox").path
                var isFolder: ObjCBool = false
                if FileManager.default.fileExists(atPath: candidate, isDirectory: &isFolder), !isFolder.boolValue {
                    return candidate
                }
                folder.deleteLastPathComponent()
            }
        }
        fatalError("script-sandbox is not beside \(places); TOCSIN_SCRIPT_SANDBOX can say where it is")
    }()
}
