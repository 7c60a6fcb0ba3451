import CXMLDOM
import Scripting

/// The engine's own sources as bytecode. Each is compiled when it is first asked for, and once in a process.
final class EngineParts {
    enum Part: String {
        /// See ``Prelude``.
        case prelude
        /// See ``JavaStrings/source``.
        case strings
        /// See ``JavaClasses``.
        case java
        /// See ``XMLPrelude``.
        case xml
        /// A function of a console whose value is the module of xmldom.
        case xmldom
    }

    private var known: [Part: [UInt8]] = [:]
    /// Of authors' scripts and libraries.
    var scripts = BytecodeCache(bytesMax: 4 << 20)

    func bytecode(of part: Part) -> [UInt8] {
        if let bytecode = known[part] { return bytecode }
        // In an engine of its own: what a script has made of its engine is no matter here.
        let execution = Execution(state: RunState(limits: Self.limits, console: nil) { $0 }, parts: self)
        guard let bytecode = execution?.compiled(Self.source(of: part)) else {
            preconditionFailure("\(part) does not compile")
        }
        known[part] = bytecode
        return bytecode
    }

    /// The largest part needs a fraction of this.
    private static let limits = ScriptLimits(time: .seconds(60), processorTime: .seconds(60))

    private static func source(of part: Part) -> String {
        switch part {
        case .prelude: Prelude.source
        case .strings: JavaStrings.source
        case .java: JavaClasses.source
        case .xml: XMLPrelude.source
        case .xmldom: xmldom
        }
    }

    /// Modules that require each other, in one expression.
    private static var xmldom: String {
        var source = "(function (console) { const modules = {}, factories = {"
        let count = tocsin_xmldom_module_count
        for index in 0..<count {
            let module = tocsin_xmldom_module(index)
            let text = UnsafeBufferPointer(start: module.source, count: module.bytes)
            source += "'./\(String(cString: module.name))': function (exports, module, require) {"
            source += String(decoding: text, as: UTF8.self) + "\n},\n"
        }
        return source + """
            };
            function require(name) {
                if (!modules[name]) factories[name]((modules[name] = { exports: {} }).exports, modules[name], require);
                return modules[name].exports;
            }
            return require('./index');
            })
            """
    }
}
