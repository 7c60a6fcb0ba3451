import AlertCore
import Testing

/// Who may begin alerts of a form.
struct SenderPermissionTests {
    private static let ann = Person(
        id: "ann", targetName: "ann", firstName: "Ann", lastName: "A", roles: ["Developer"],
        whenCreated: Timestamp(milliseconds: 0))

    @Test(arguments: [
        ([], true), ([SenderPermission(senderType: .person, sender: "ann")], true),
        ([SenderPermission(senderType: .person, sender: "bob")], false),
        ([SenderPermission(senderType: .role, sender: "Developer")], true),
        ([SenderPermission(senderType: .role, sender: "Standard User")], false),
        ([SenderPermission(senderType: .role, sender: "ann")], false),
        (
            [
                SenderPermission(senderType: .person, sender: "bob"),
                SenderPermission(senderType: .role, sender: "Developer"),
            ], true
        ),
    ])
    func decides(permissions: [SenderPermission], may: Bool) {
        let form = Form(id: "f", number: 1, plan: "p", name: "F", senderPermissions: permissions)
        #expect(form.maySend(Self.ann) == may)
    }
}
