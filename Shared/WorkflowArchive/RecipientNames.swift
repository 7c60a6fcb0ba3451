import AlertCore

extension WorkflowDocuments {
    /// The names and ids of recipients that the forms state, to be looked up before an import.
    public var recipients: Set<String> {
        var names: Set<String> = []
        for (path, document) in documents where WorkflowPaths.isForm(path) {
            names.formUnion(document.statedRecipients)
        }
        return names
    }
}

extension Form {
    /// Those of the file that the form came from, whether they are there or not.
    public var recipientsOfFile: Set<String> { original?.statedRecipients ?? [] }

    static let recipientFields = ["recipients", "defaultRecipients", "targets"]

    static func recipientName(_ value: JSONValue) -> String? {
        value.string ?? value["targetName"]?.string ?? value["name"]?.string ?? value["id"]?.string
    }
}

extension JSONValue {
    fileprivate var statedRecipients: Set<String> {
        let lists = [self] + (self["layoutSections"]?.array ?? [])
        return Set(
            lists.flatMap { owner in
                Form.recipientFields.flatMap { owner[$0]?.array ?? [] }.compactMap(Form.recipientName)
            })
    }
}
