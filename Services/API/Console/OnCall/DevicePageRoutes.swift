import AlertCore
import Hummingbird
import Persistence

// The devices of a person.
extension ConsoleRoutes {
    func addDevices(to router: Router<Context>) {
        add(deviceForm(isNew: true), at: "/console/people/{person}/devices/new", to: router)
        add(deviceForm(isNew: false), at: "/console/people/{person}/devices/{device}", to: router)
        addRemoval(at: "/console/people/{person}/devices/{device}/delete", place: .people, to: router) { call in
            try await knownDevice(call.parameter("person"), call.parameter("device"), call.session)
        } page: { subject, session in
            let (owner, device) = subject
            return ConfirmPage(
                title: "Delete \(device.name)?",
                text: "Alerts do not reach \(owner.displayName) on \(device.shownAddress) any more.",
                action: "/console/people/\(owner.id)/devices/\(device.id)/delete", csrf: session.csrf,
                submit: "Delete", back: "/console/people/\(owner.id)")
        } remove: { subject, session in
            _ = try await rest.call(.delete, "devices/{device}", ["device": subject.1.id], by: session.caller)
            return "/console/people/\(subject.0.id)?done=deleted"
        }
        post("/console/people/{person}/devices/{device}/move", to: router) { _, context, session, form in
            let (owner, device) = try await knownDevice(
                parameter("person", context), parameter("device", context), session)
            let place = max(1, device.sequence + (form["direction"] == "up" ? -1 : 1))
            do {
                _ = try await rest.call(
                    .post, "devices/{device}", ["device": device.id], body: ["sequence": .whole(place)],
                    by: session.caller)
                return Response.redirect(to: "/console/people/\(owner.id)#devices")
            } catch let error as RestError where error.isForTheForm {
                return try await person(owner.id, session, problem: error)
            }
        }
    }

    /// - Throws: 404, and 403 for the devices of somebody whom the signed-in person does not administer.
    private func knownDevice(
        _ person: String, _ id: String, _ session: ConsoleSession
    ) async throws -> (Person, Device) {
        let (owner, directory) = try await knownPerson(person)
        try session.caller.requireEditingDevices(of: owner)
        guard let device = directory.devices[id], device.owner == owner.id else {
            throw RestError.notFound("\(owner.displayName) has no such device.")
        }
        return (owner, device)
    }

    private func deviceForm(isNew: Bool) -> ConsoleForm<DeviceForm> {
        ConsoleForm(
            place: .people,
            names: ["deviceType": "name"],
            subject: { call in
                let (owner, directory) = try await knownPerson(call.parameter("person"))
                try call.session.caller.requireEditingDevices(of: owner)
                let device = isNew ? nil : try await knownDevice(owner.id, call.parameter("device"), call.session).1
                let kind = device?.deviceType ?? Device.Kind(rawValue: call.query["type"] ?? "") ?? .email
                return DeviceForm(
                    owner: owner, device: device, kind: kind, directory: directory,
                    names: try await deviceNames(of: kind, call.session))
            },
            page: { form, values, session in form.page(values, for: session) },
            send: { form, typed, session in
                let path = form.device.map { ["device": $0.id] } ?? [:]
                _ = try await rest.call(
                    .post, path.isEmpty ? "devices" : "devices/{device}", path, body: try form.body(typed),
                    by: session.caller)
                return "/console/people/\(form.owner.id)?done=saved#devices"
            })
    }

    private func deviceNames(of kind: Device.Kind, _ session: ConsoleSession) async throws -> [String] {
        let answer = try await rest.call(
            .get, "device-names", query: QueryParameters("limit=1000&deviceTypes=\(kind.rawValue)"), by: session.caller)
        return answer.body?["data"]?.array?.compactMap { $0["name"]?.string } ?? []
    }
}
