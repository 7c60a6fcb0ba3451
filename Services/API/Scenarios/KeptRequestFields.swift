import AlertCore
import Persistence

/// What somebody fills in of a form to be sent later, as clients give it (spec §2.3). Fields that are absent stay as
/// they are; an empty text or list takes a value away, an empty object all properties.
struct KeptRequestFields {
    /// Bytes of JSON.
    private static let sizeLimit = 64 << 10
    private static let lists: Set<String> = ["recipients", "targetDeviceNames", "responseOptions", "attachments"]

    let fields: RequestFields
    let form: Form
    let plan: Plan
    let view: DirectoryView

    /// - Parameters:
    ///   - scenario: What fills in what is left open.
    ///   - isWhole: Whether it is to be sent as it is: what the form demands has to be there.
    /// - Throws: 400 for a value that could not be sent.
    func kept(_ existing: KeptRequest, scenario: Scenario? = nil, isWhole: Bool) throws -> KeptRequest {
        for name in ["callbacks", "conferences", "responses"] where fields.has(name) {
            throw RestError.invalidValue(
                fields.name(name), name == "callbacks" ? "it is not kept." : "it is of the older format.")
        }
        var kept = existing
        for name in KeptRequest.names.sorted() {
            if let value = try value(name) { kept.fields[name] = value.isEmptyValue ? nil : value }
        }
        let request = try checked { () throws(FieldProblem) in try kept.request() }
        if let recipients = request.recipients {
            let found = try checked { () throws(FieldProblem) in try RecipientLookup(view).recipients(recipients) }
            kept.fields["recipients"] = .array(found.map(\.kept))
        }
        if !request.attachments.isEmpty {
            kept.fields["attachments"] = .array(request.attachments.map(\.kept))
        }
        guard try JSON.encode(kept.json).utf8.count <= Self.sizeLimit else {
            throw RestError.invalidValue(
                fields.name("properties"), "all that is filled in may have at most \(Self.sizeLimit) bytes.")
        }
        try refusePasswords(request)
        try check(request, scenario, isWhole)
        return kept
    }

    private func value(_ name: String) throws -> JSONValue? {
        Self.lists.contains(name) ? try fields.elements(name).map(JSONValue.array) : fields[name]
    }

    /// What is kept can be read, here and in the event log.
    private func refusePasswords(_ request: AlertRequest) throws(RestError) {
        for definition in view.properties(of: plan.id) where definition.propertyType == .password {
            guard let key = request.properties.keys.first(where: { $0.prefix { $0 != "#" } == definition.name }) else {
                continue
            }
            throw .invalidValue(fields.name("properties.\(key)"), "a password is not kept.")
        }
    }

    /// Makes the alert and throws it away.
    private func check(_ request: AlertRequest, _ scenario: Scenario?, _ isWhole: Bool) throws {
        var form = form
        if !isWhole {
            for section in form.sections.indices {
                for item in form.sections[section].items.indices {
                    form.sections[section].items[item].required = false
                }
            }
        }
        let definitions = Dictionary(
            view.properties(of: plan.id).map { ($0.id, $0) }
        ) { first, _ in first }
        let assembly = AlertAssembly(
            plan: plan, form: form, definitions: definitions, lookup: RecipientLookup(view),
            bridge: { [view] in view.bridge($0) })
        let nobody = Person(
            id: "", targetName: "", firstName: "", lastName: "", whenCreated: Timestamp(milliseconds: 0))
        _ = try checked { () throws(FieldProblem) in
            var notes: [String] = []
            var whole = request
            if let scenario { whole = request.filled(from: try scenario.kept.request()) }
            return try assembly.details(
                whole, number: 0, requestId: "", integration: nil, submitter: nobody, seal: { _, _ in "" },
                notes: &notes, optionId: { String($0) })
        }
    }

    private func checked<Value>(_ body: () throws(FieldProblem) -> Value) throws(RestError) -> Value {
        do {
            return try body()
        } catch {
            throw RestError(
                400, "The field \(fields.name(error.description)).", subcode: "validation.common.field.invalid",
                arguments: [fields.name(error.field)])
        }
    }
}

extension JSONValue {
    /// Whether it takes a value away.
    fileprivate var isEmptyValue: Bool {
        self == "" || array?.isEmpty == true || object?.isEmpty == true
    }
}

extension AlertRecipient {
    fileprivate var kept: JSONValue {
        .fields([
            "id": .string(id), "recipientType": .string(recipientType.rawValue),
            "responseCountThreshold": responseCountThreshold.map(JSONValue.whole),
        ])
    }
}

extension AlertAttachment {
    fileprivate var kept: JSONValue { ["name": .string(name), "path": .string(path)] }
}

extension DirectoryEdit {
    /// Has the files of a request stay for as long as somebody may want them.
    /// - Throws: 400 for one that was not sent in, or is gone.
    func keepFiles(of kept: KeptRequest, field: String) throws {
        let files = try kept.request().attachments
        guard !files.isEmpty else { return }
        let attachments = Attachments(directory.connection)
        let sizes = try attachments.sizes(of: files.compactMap(\.uploadId))
        for (index, file) in files.enumerated() {
            guard let id = file.uploadId, sizes[id] != nil else {
                throw RestError.invalidValue("\(field)[\(index)].path", "there is no file \(file.path).")
            }
        }
        try attachments.keep(files)
    }
}
