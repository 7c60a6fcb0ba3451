import AlertCore

extension WebhookDeliveryRow {
    /// The partition of the integration's lane that the delivery belongs to, in the generation of its alert.
    public func lanePartition(_ schedule: PartitionSchedule) -> Int {
        schedule.partition(of: integration, generation: DerivedID.generation(of: alert))
    }
}
