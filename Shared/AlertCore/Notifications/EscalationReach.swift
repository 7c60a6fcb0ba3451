// The ends of an escalation's courses: people with their devices one after the other, and devices that were named.

extension EscalationMoment {
    /// - Returns: Whether somebody is notified there, now or later; who is notified in another way at this very
    ///   moment is.
    mutating func reach(_ member: AlertEscalation.Member, at place: Place, from begin: Timestamp) -> Bool {
        let recipient = member.recipient
        switch recipient.recipientType {
        case .group:
            return open(recipient.id, courseId: "\(place.id)-\(member.position)", in: place, from: begin)
        case .device: return reachDevice(recipient.id, named: recipient.targetName, member, at: place)
        case .person:
            let standIn = roster.standIn(
                for: GroupMember(id: recipient.id, recipientType: .person), in: place.course.group?.id, at: now)
            guard let notified = standIn.notified, let person = roster.people[notified.id] else {
                let rule: AlertEscalation.Rule =
                    roster.people[recipient.id] == nil ? .gone : standIn.absence == nil ? .inactive : .absent
                omit(
                    recipient.targetName, roster.people[recipient.id], at: place, rule,
                    standIn.skipped ?? "nobody is notified")
                return false
            }
            if person.id != recipient.id {
                omit(
                    recipient.targetName, roster.people[recipient.id], at: place, .absent,
                    "is away: \(person.targetName) is notified instead")
            }
            return reachPerson(person, member, at: place, isReplacement: person.id != recipient.id)
        }
    }

    private mutating func reachPerson(
        _ person: Person, _ member: AlertEscalation.Member, at place: Place, isReplacement: Bool
    ) -> Bool {
        if let reason = toldAnyway(person, at: place) ?? obstacle(to: person, at: place) {
            omit(person.targetName, person, at: place, reason.rule, reason.text)
            return reason.rule == .duplicate
        }
        let plan = roster.devicePlan(
            for: person, priority: state.terms.priority, targetDeviceNames: deviceNames(of: place.course),
            overrideRestrictions: overridesRestrictions(place.course), allowFailsafe: place.course.usesFailsafe,
            at: now)
        omit(plan.omissions, of: person, at: place)
        guard let first = plan.uses.first else {
            omit(person.targetName, person, at: place, .noDevice, plan.unreachable ?? "no device can be used")
            return false
        }
        let (rule, reason) = why(person, member, at: place, isReplacement: isReplacement)
        peopleNow.insert(person.id)
        let line = AlertEscalation.DeviceLine(
            id: "\(place.id)-\(person.id)", person: PersonReference(person), target: place.course.target,
            course: place.course.id, step: place.step,
            round: place.round, kind: place.kind, rule: rule, reason: reason, isFailsafe: first.isFailsafe,
            remaining: [], due: now)
        return use(plan, for: person, line, at: place, from: now)
    }

    /// Notifies on what is used now, and keeps what is used later.
    private mutating func use(
        _ plan: DevicePlan, for person: Person, _ before: AlertEscalation.DeviceLine, at place: Place,
        from begin: Timestamp
    ) -> Bool {
        var line = before
        var isAnybody = false
        for use in plan.uses.prefix(while: { $0.offsetMinutes == 0 }) {
            if let id = notify(
                use.device, of: person, at: place, rule: line.rule, reason: "\(line.reason); \(use.reason)")
            {
                line.last = id
            }
            isAnybody = true
        }
        let later = plan.uses.drop { $0.offsetMinutes == 0 }
        guard let next = later.first else {
            finish(line)
            return isAnybody
        }
        line.remaining = later.map(\.device.id)
        line.due = begin.advanced(by: .seconds(next.offsetMinutes * 60))
        keep(line)
        return true
    }

    /// A person's next device: whether it can be used counts now.
    mutating func take(_ line: AlertEscalation.DeviceLine) {
        guard let course = course(line.course) else { return finish(line) }
        let place = Place(course: course, step: line.step, round: line.round, kind: line.kind)
        guard let person = roster.people[line.person.id] else {
            omit(line.person.targetName, at: place, .gone, "is no longer there")
            return finish(line)
        }
        var devices: [Device] = []
        for id in line.remaining {
            if let device = device(id), device.owner == person.id {
                devices.append(device)
            } else {
                omit("\(person.targetName)|…", person, at: place, .gone, "a device is no longer there")
            }
        }
        let plan = roster.with(devices, of: person).devicePlan(
            for: person, priority: state.terms.priority, targetDeviceNames: deviceNames(of: course),
            overrideRestrictions: overridesRestrictions(course), allowFailsafe: line.isFailsafe, at: now)
        omit(plan.omissions, of: person, at: place)
        if let reason = plan.unreachable, devices.isEmpty || plan.omissions.isEmpty {
            omit(person.targetName, person, at: place, .noDevice, reason)
        }
        _ = use(plan, for: person, line, at: place, from: base(line.due))
    }

    /// A device that was named: timeframes, delays, threshold and its owner's absences do not count (spec §5.4).
    private mutating func reachDevice(
        _ id: String, named name: String, _ member: AlertEscalation.Member, at place: Place
    ) -> Bool {
        guard let device = device(id), let owner = roster.people[device.owner] else {
            omit(name, at: place, .gone, "the device is no longer there")
            return false
        }
        let target = "\(owner.targetName)|\(device.name)"
        let plan = roster.devicePlan(targeting: device)
        guard plan.unreachable == nil else {
            omit(
                target, owner, device, at: place, owner.status == .active ? .deviceInactive : .inactive,
                plan.unreachable ?? "")
            return false
        }
        if let contact = state.people[owner.id], contact.isStopped {
            omit(target, owner, device, at: place, .answered, "\(owner.targetName) has answered")
            return false
        }
        var (rule, reason) = why(owner, member, at: place, isReplacement: false)
        if rule == .named { (rule, reason) = (.deviceNamed, "the device was named as a recipient") }
        _ = notify(device, of: owner, at: place, rule: rule, reason: reason)
        return true
    }
}

// MARK: - One device

extension EscalationMoment {
    /// - Returns: The notification's id; `nil` when the device is notified at this moment already.
    private mutating func notify(
        _ device: Device, of person: Person, at place: Place, rule: AlertEscalation.Rule, reason: String
    ) -> String? {
        let id = DerivedID.beside(
            state.terms.alert, "notification", state.terms.alert, place.course.target, place.course.id,
            String(place.step), String(place.round), place.kind == .endNotice ? "end" : "", device.id)
        // However often somebody stands in one step, it notifies once.
        let isKnown = noticesNow.contains(id) || state.people[person.id]?.notices[id] != nil
        let isDuplicate = devicesNow.contains(device.id) && !place.course.allowsDuplicates
        guard !isKnown, !isDuplicate else {
            omit(
                "\(person.targetName)|\(device.name)", person, device, at: place, .duplicate,
                "the device is notified at this moment already")
            return nil
        }
        guard let address = device.address else {
            omit("\(person.targetName)|\(device.name)", person, device, at: place, .noAddress, "it has no address")
            return nil
        }
        noticesNow.insert(id)
        devicesNow.insert(device.id)
        notices.append(
            AlertEscalation.Notice(
                id: id, person: PersonReference(person), language: person.language,
                device: NamedReference(id: device.id, name: device.name), deviceNumber: device.number,
                deviceType: device.deviceType, provider: device.provider, address: address,
                target: place.course.target, course: place.course.id, step: place.step, round: place.round, rule: rule,
                reason: reason, isOneWay: subscription(of: place.course)?.oneWay ?? false))
        return id
    }

    private func obstacle(to person: Person, at place: Place) -> (rule: AlertEscalation.Rule, text: String)? {
        if state.people[person.id]?.isStopped == true {
            return (.answered, "\(person.targetName) has answered")
        }
        if peopleNow.contains(person.id), !place.course.allowsDuplicates {
            return (.duplicate, "\(person.targetName) is notified at this moment already")
        }
        return nil
    }

    private func why(
        _ person: Person, _ member: AlertEscalation.Member, at place: Place, isReplacement: Bool
    ) -> (AlertEscalation.Rule, String) {
        let course = place.course
        var rule: AlertEscalation.Rule
        var text: String
        switch (place.kind, course.group, course.shift) {
        case (.endNotice, _, _):
            (rule, text) = (.endOfEscalation, "the escalation of \(course.name) has ended without an answer")
        case (_, let group, _) where course.subscription != nil:
            rule = .subscription
            text = "subscription \(subscription(of: course)?.name ?? "")" + (group.map { ", by \($0.name)" } ?? "")
        case (_, let group?, let shift?):
            rule = .onCall
            text = "on call in \(shift.name) of \(group.name), place \(member.position)"
        case (_, let group?, nil): (rule, text) = (.member, "a member of \(group.name)")
        case (_, nil, _): (rule, text) = (.named, "\(member.recipient.targetName) was named as a recipient")
        }
        if place.round > 0, place.kind != .endNotice { text += ", round \(place.round + 1)" }
        if isReplacement {
            (rule, text) = (.replacement, "\(text); \(person.targetName) stands in for \(member.recipient.targetName)")
        }
        if let by = place.by { text += ", as \(by.targetName) has escalated" }
        return (rule, text)
    }
}

// MARK: - Who is not notified

extension EscalationMoment {
    mutating func omit(
        _ recipient: String, _ person: Person? = nil, _ device: Device? = nil, at place: Place,
        _ rule: AlertEscalation.Rule, _ reason: String
    ) {
        omissions.append(
            AlertEscalation.Omission(
                recipient: recipient, person: person.map { PersonReference($0) },
                device: device.map { NamedReference(id: $0.id, name: $0.name) }, target: place.course.target,
                course: place.course.id, step: place.step, round: place.round, rule: rule, reason: reason))
    }

    private mutating func omit(_ omissions: [DevicePlan.Omission], of person: Person, at place: Place) {
        for omission in omissions {
            omit(
                "\(person.targetName)|\(omission.device.name)", person, omission.device, at: place,
                .init(omission.obstacle), omission.reason)
        }
    }
}

extension AlertEscalation.Rule {
    fileprivate init(_ obstacle: DevicePlan.Obstacle) {
        self =
            switch obstacle {
            case .inactive: .deviceInactive
            case .notTargeted: .deviceFilter
            case .belowThreshold: .belowThreshold
            case .outsideTimeframes: .outsideTimeframe
            }
    }
}

extension Device {
    /// Where a message goes: as it is stored, a pin perhaps sealed; `nil` when there is nothing that could be used.
    var address: String? {
        switch deviceType {
        case .email: emailAddress.flatMap { $0.isEmpty ? nil : $0 }
        case .voice, .voiceIVR, .textPhone, .fax: phoneNumber.flatMap { $0.isEmpty ? nil : $0 }
        // A chat's provider can have one address for all.
        case .generic, .slack, .msTeams, .webPush, .textPager, .androidPush, .applePush: pin
        }
    }
}

extension Roster {
    /// Of all devices only these of one person.
    fileprivate func with(_ devices: [Device], of person: Person) -> Roster {
        Roster(
            version: version, people: people, groups: groups, sites: sites, devices: [person.id: devices], shifts: [:],
            absences: [:])
    }
}
