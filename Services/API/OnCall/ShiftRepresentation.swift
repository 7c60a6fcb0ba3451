import AlertCore
import Persistence

// What shifts and the places in them look like (spec §4.6).

extension Shift {
    var path: String { "/groups/\(group)/shifts/\(id)" }

    func reference(in group: Group) -> JSONValue {
        [
            "id": .string(id), "name": .string(name), "links": .links(path),
            "group": ["id": .string(group.id), "links": .links(group.path)],
        ]
    }

    private var repeatWire: JSONValue {
        guard let repeatEscalation else { return ["repeatEnabled": false] }
        return [
            "repeatEnabled": true, "repetitions": .whole(repeatEscalation.repetitions),
            "delay": .whole(repeatEscalation.waitInSeconds / 60),
            "waitInSeconds": .whole(repeatEscalation.waitInSeconds),
            "escalationType": .string(repeatEscalation.escalationType.rawValue),
        ]
    }

    /// What occurrences say about it.
    var endNoticeFlag: JSONValue { ["notifyEnabled": .bool(notifyEndOfEscalation != nil)] }

    fileprivate func endNoticeWire(_ view: DirectoryView) -> JSONValue {
        guard let notice = notifyEndOfEscalation else { return endNoticeFlag }
        return .fields([
            "notifyEnabled": true,
            "notificationType": notice.notificationType.isEmpty ? nil : .string(notice.notificationType),
            "recipient": notice.recipient.flatMap { view.reference($0) },
            "delay": .whole(notice.waitInSeconds / 60), "waitInSeconds": .whole(notice.waitInSeconds),
        ])
    }

    fileprivate var fields: [String: JSONValue?] {
        [
            "id": .string(id), "name": .string(name), "description": .string(description),
            "start": .string(start.iso), "end": .string(end.iso), "timezone": .string(timezone),
            "recurrence": recurrence.wire, "rotation": rotation?.wire, "rotationType": .text(rotation?.type.rawValue),
            "repeatEscalation": repeatWire, "created": .string(created.iso), "links": .links(path),
        ]
    }
}

extension Rotation {
    fileprivate var wire: JSONValue {
        .fields([
            "type": .string(type.rawValue), "direction": .string(direction.rawValue), "interval": .whole(interval),
            "intervalUnit": type == .time ? .string(intervalUnit.rawValue) : nil,
            "nextRotationTime": .text(nextRotationTime?.iso),
        ])
    }
}

extension DirectoryView {
    func wire(_ shift: Shift, in group: Group) -> JSONValue {
        var fields = shift.fields
        fields["group"] = group.reference
        fields["notifyEndOfEscalation"] = shift.endNoticeWire(self)
        fields["members"] = .array(shift.members.indices.map { place(at: $0, in: shift) })
        return .fields(fields)
    }

    /// A place in the escalation of a shift.
    func place(at index: Int, in shift: Shift) -> JSONValue {
        let member = shift.members[index]
        return .fields([
            "shift": ["id": .string(shift.id), "links": .links(shift.path)],
            "recipient": reference(member.recipient), "position": .whole(index + 1), "delay": .whole(member.delay),
            "escalationType": .string(member.escalationType.rawValue), "inRotation": .bool(member.inRotation),
        ])
    }
}
