import AlertCore

/// The whole directory at one moment, as a value: what services look things up in while they work.
public struct DirectoryView: Sendable {
    /// Which integrations an event of a form sets off.
    struct Occasion: Hashable {
        let form: String
        let trigger: Trigger
    }

    /// ``Directory/version()`` at that moment.
    public let version: Int64
    public let people: [String: Person]
    public let devices: [String: Device]
    public let plans: [String: Plan]
    public let forms: [String: Form]
    public let properties: [String: PropertyDefinition]
    public let endpoints: [String: Endpoint]
    public let integrations: [String: Integration]
    /// ``Directory/version()`` after the last change of each integration: the version of its configuration.
    public let integrationVersions: [String: Int64]
    /// The filters of integrations that have one, read.
    public let filters: [String: Filter]
    public let apiKeys: [String: APIKey]
    public let scriptSteps: [String: ScriptStep]
    public let groups: [String: Group]
    public let shifts: [String: Shift]
    public let absences: [String: TemporaryAbsence]
    public let sites: [String: Site]
    public let providers: [String: NotificationProvider]
    public let bridges: [String: ConferenceBridge]
    public let services: [String: BusinessService]
    public let scenarios: [String: Scenario]
    public let subscriptionForms: [String: SubscriptionForm]
    public let subscriptions: [String: FormSubscription]

    /// By the plan: what people have subscribed to.
    let subscriptionOffersByPlan: [String: [SubscriptionOffer]]
    let servicesByGroup: [String: [BusinessService]]
    let scenariosByForm: [String: [Scenario]]
    let groupsByTargetName: [String: String]
    let shiftsByGroup: [String: [Shift]]
    let absencesByMember: [String: [TemporaryAbsence]]
    let peopleByTargetName: [String: String]
    let peopleByWebLogin: [String: String]
    let devicesByOwner: [String: [Device]]
    let propertiesByPlan: [String: [PropertyDefinition]]
    let constantsByPlan: [String: [Constant]]
    let endpointsByPlan: [String: [String: Endpoint]]
    let formsByPlan: [String: [Form]]
    let librariesByPlan: [String: [SharedLibrary]]
    let triggerFiltersByPlan: [String: [TriggerFilter]]
    let integrationsByOccasion: [Occasion: [Integration]]

    init(version: Int64, entries: DirectoryEntries) {
        self.version = version
        people = entries.people
        devices = entries.devices
        plans = entries.plans
        forms = entries.forms
        properties = entries.properties
        endpoints = entries.endpoints
        integrations = entries.integrations
        integrationVersions = entries.integrationVersions
        filters = entries.filters
        apiKeys = entries.apiKeys
        scriptSteps = entries.scriptSteps
        groups = entries.groups
        shifts = entries.shifts
        absences = entries.absences
        sites = entries.sites
        providers = entries.providers
        bridges = entries.bridges
        services = entries.services
        scenarios = entries.scenarios
        scenariosByForm = Self.group(entries.scenarios) { $0.form }
        subscriptionForms = entries.subscriptionForms
        subscriptions = entries.subscriptions
        subscriptionOffersByPlan = Self.offers(entries)
        servicesByGroup = Self.group(entries.services.filter { $0.value.ownedBy != nil }) { $0.ownedBy ?? "" }
        groupsByTargetName = Self.index(entries.groups) { $0.targetName }
        shiftsByGroup = Self.group(entries.shifts) { $0.group }
        absencesByMember = Self.group(entries.absences) { $0.member }
        peopleByTargetName = Self.index(entries.people) { $0.targetName }
        peopleByWebLogin = Self.index(entries.people) { $0.webLogin }
        devicesByOwner = Self.group(entries.devices) { $0.owner }
            .mapValues { $0.sorted { ($0.sequence, $0.number) < ($1.sequence, $1.number) } }
        propertiesByPlan = Self.group(entries.properties) { $0.plan }
        constantsByPlan = Self.group(entries.constants) { $0.plan }
        formsByPlan = Self.group(entries.forms) { $0.plan }
        librariesByPlan = Self.group(entries.libraries) { $0.plan }
        triggerFiltersByPlan = Self.group(entries.triggerFilters) { $0.plan }
        endpointsByPlan = Dictionary(grouping: entries.endpoints.values) { $0.plan }
            .mapValues { Dictionary($0.map { ($0.name.lowercased(), $0) }) { first, _ in first } }
        var byOccasion: [Occasion: [Integration]] = [:]
        for integration in entries.integrations.values.sorted(by: { $0.id < $1.id })
        where integration.integrationType == .outbound {
            guard let form = integration.form, let trigger = integration.triggeredBy else { continue }
            byOccasion[Occasion(form: form, trigger: trigger), default: []].append(integration)
        }
        integrationsByOccasion = byOccasion
    }

    private static func index<Entry: DirectoryEntry>(
        _ entries: [String: Entry], by name: (Entry) -> String
    ) -> [String: String] {
        Dictionary(entries.values.map { (name($0).lowercased(), $0.id) }) { first, _ in first }
    }

    private static func group<Entry: DirectoryEntry>(
        _ entries: [String: Entry], by parent: (Entry) -> String
    ) -> [String: [Entry]] {
        Dictionary(grouping: entries.values, by: parent)
            .mapValues { $0.sorted { ($0.entryName.lowercased(), $0.id) < ($1.entryName.lowercased(), $1.id) } }
    }
}

extension DirectoryView {
    /// The person of that id or, ignoring case, target name.
    public func person(_ idOrTargetName: String) -> Person? {
        people[idOrTargetName] ?? peopleByTargetName[idOrTargetName.lowercased()].flatMap { people[$0] }
    }

    /// Who signs in with that name: a web login or else a target name, ignoring case.
    public func person(login: String) -> Person? {
        let key = login.lowercased()
        return (peopleByWebLogin[key] ?? peopleByTargetName[key]).flatMap { people[$0] }
    }

    /// The person's devices in the order in which they are notified.
    public func devices(of person: String) -> [Device] { devicesByOwner[person] ?? [] }

    /// The device of that id, or of a name as in `bsmith|Work Email`, ignoring case.
    public func device(_ idOrTargetName: String) -> Device? {
        if let device = devices[idOrTargetName] { return device }
        let parts = idOrTargetName.split(separator: "|", maxSplits: 1).map(String.init)
        guard parts.count == 2, let owner = person(parts[0]) else { return nil }
        return devices(of: owner.id).first { $0.name.lowercased() == parts[1].lowercased() }
    }

    /// The group of that id or, ignoring case, target name.
    public func group(_ idOrTargetName: String) -> Group? {
        groups[idOrTargetName] ?? groupsByTargetName[idOrTargetName.lowercased()].flatMap { groups[$0] }
    }

    /// What decides who is on call.
    public var roster: Roster {
        Roster(
            version: version, people: people, groups: groups, sites: sites, devices: devicesByOwner,
            shifts: shiftsByGroup, absences: absencesByMember)
    }

    /// The group's shifts in the order of their names.
    public func shifts(of group: String) -> [Shift] { shiftsByGroup[group] ?? [] }

    /// The absences of a person, past and future ones too.
    public func absences(of person: String) -> [TemporaryAbsence] { absencesByMember[person] ?? [] }

    /// The site of that id or, ignoring case, name.
    public func site(_ idOrName: String) -> Site? {
        sites[idOrName] ?? sites.values.first { $0.name.lowercased() == idOrName.lowercased() }
    }

    /// The conference bridge of that id or, ignoring case, name.
    public func bridge(_ idOrName: String) -> ConferenceBridge? {
        bridges[idOrName] ?? bridges.values.first { $0.name.lowercased() == idOrName.lowercased() }
    }

    /// The service of that id or, ignoring case, target name.
    public func service(_ idOrName: String) -> BusinessService? {
        services[idOrName] ?? services.values.first { $0.targetName.lowercased() == idOrName.lowercased() }
    }

    /// The services that a group looks after, in the order of their names.
    public func services(of group: String) -> [BusinessService] { servicesByGroup[group] ?? [] }

    /// How an alert's conference is joined now; `nil` for an alert without one.
    public func conference(of details: AlertDetails) -> ConferenceAccess? {
        details.conference.map { reference in
            let isExternal = reference.type == .external
            return ConferenceAccess(reference, bridge: isExternal ? reference.bridgeId.flatMap(bridge) : nil)
        }
    }

    public func forms(of plan: String) -> [Form] { formsByPlan[plan] ?? [] }
    public func properties(of plan: String) -> [PropertyDefinition] { propertiesByPlan[plan] ?? [] }
    public func constants(of plan: String) -> [Constant] { constantsByPlan[plan] ?? [] }

    public func libraries(of plan: String) -> [SharedLibrary] { librariesByPlan[plan] ?? [] }
    public func triggerFilters(of plan: String) -> [TriggerFilter] { triggerFiltersByPlan[plan] ?? [] }

    /// The plan's endpoint of that id or, ignoring case, name.
    public func endpoint(_ idOrName: String, in plan: String) -> Endpoint? {
        if let endpoint = endpoints[idOrName], endpoint.plan == plan { return endpoint }
        return endpointsByPlan[plan]?[idOrName.lowercased()]
    }

    /// The outbound integrations of a form for a trigger, deployed or not, in the order of their ids.
    public func outboundIntegrations(form: String, trigger: Trigger) -> [Integration] {
        integrationsByOccasion[Occasion(form: form, trigger: trigger)] ?? []
    }
}

extension RecipientLookup {
    public init(_ view: DirectoryView) {
        self.init(
            person: { view.person($0) },
            device: { name in
                view.device(name).flatMap { device in view.people[device.owner].map { (device, $0) } }
            }, group: { view.group($0) })
    }
}

/// The rows behind a ``DirectoryView``, kept so that only what has changed is read again.
struct DirectoryEntries: Sendable {
    var people: [String: Person] = [:]
    var devices: [String: Device] = [:]
    var plans: [String: Plan] = [:]
    var forms: [String: Form] = [:]
    var properties: [String: PropertyDefinition] = [:]
    var constants: [String: Constant] = [:]
    var endpoints: [String: Endpoint] = [:]
    var integrations: [String: Integration] = [:]
    var integrationVersions: [String: Int64] = [:]
    /// Read when the integration is.
    var filters: [String: Filter] = [:]
    var apiKeys: [String: APIKey] = [:]
    var libraries: [String: SharedLibrary] = [:]
    var scriptSteps: [String: ScriptStep] = [:]
    var triggerFilters: [String: TriggerFilter] = [:]
    var groups: [String: Group] = [:]
    var shifts: [String: Shift] = [:]
    var absences: [String: TemporaryAbsence] = [:]
    var sites: [String: Site] = [:]
    var providers: [String: NotificationProvider] = [:]
    var bridges: [String: ConferenceBridge] = [:]
    var services: [String: BusinessService] = [:]
    var scenarios: [String: Scenario] = [:]
    var subscriptionForms: [String: SubscriptionForm] = [:]
    var subscriptions: [String: FormSubscription] = [:]

    /// - Parameter document: `nil` when the entry is gone.
    mutating func apply(kind: String, id: String, document: String?) throws {
        switch kind {
        case Person.kind: people[id] = try Self.entry(document)
        case Device.kind: devices[id] = try Self.entry(document)
        case Plan.kind: plans[id] = try Self.entry(document)
        case Form.kind: forms[id] = try Self.entry(document)
        case PropertyDefinition.kind: properties[id] = try Self.entry(document)
        case Constant.kind: constants[id] = try Self.entry(document)
        case Endpoint.kind: endpoints[id] = try Self.entry(document)
        case Integration.kind:
            integrations[id] = try Self.entry(document)
            filters[id] = integrations[id]?.readFilter()
        case APIKey.kind: apiKeys[id] = try Self.entry(document)
        case SharedLibrary.kind: libraries[id] = try Self.entry(document)
        case ScriptStep.kind: scriptSteps[id] = try Self.entry(document)
        case TriggerFilter.kind: triggerFilters[id] = try Self.entry(document)
        case Group.kind: groups[id] = try Self.entry(document)
        case Shift.kind: shifts[id] = try Self.entry(document)
        case TemporaryAbsence.kind: absences[id] = try Self.entry(document)
        case Site.kind: sites[id] = try Self.entry(document)
        case NotificationProvider.kind: providers[id] = try Self.entry(document)
        case ConferenceBridge.kind: bridges[id] = try Self.entry(document)
        case BusinessService.kind: services[id] = try Self.entry(document)
        case Scenario.kind: scenarios[id] = try Self.entry(document)
        case ScheduledMessage.kind: break  // read when its time comes
        case SubscriptionForm.kind: subscriptionForms[id] = try Self.entry(document)
        case FormSubscription.kind: subscriptions[id] = try Self.entry(document)
        case Canvas.kind: break  // nothing runs it yet, and it can be large
        case WorkflowFile.kind: break  // only exports want it
        case CalendarFeed.kind: break  // read when a calendar program asks
        default: break  // of a newer version of this program
        }
    }

    private static func entry<Entry: DirectoryEntry>(_ document: String?) throws -> Entry? {
        try document.map { try DirectoryJSON.decode(Entry.self, from: $0) }
    }
}
