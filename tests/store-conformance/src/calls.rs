//! A connection that passes every call on to the library.

/// The methods of [`Store`](crate::Store), each of which calls the library's function. `$read` and `$write` are
/// methods of the connection: `$read` for calls that only read, `$write` for calls that may have written something.
/// may have been written.
#[macro_export]
macro_rules! calls_of_the_library {
    ($read:ident, $write:ident) => {
        fn health(&mut self) -> Result<(), ::annals_event_log::StoreError> {
            self.$read(|log| log.health())
        }
        fn load(
            &mut self,
            stream: &str,
            after: ::annals_event_log::Head,
            limit: u32,
        ) -> Result<::annals_event_log::Page, ::annals_event_log::StoreError> {
            self.$read(|log| log.load(stream, after, limit))
        }
        fn append(
            &mut self,
            request: ::annals_event_log::AppendRequest,
        ) -> Result<::annals_event_log::Appended, ::annals_event_log::AppendError> {
            self.$write(|log| log.append(request))
        }
        fn claim_command(
            &mut self,
            command_id: &str,
            fingerprint: u64,
            stream: &str,
            cursor: u64,
        ) -> Result<::annals_event_log::Claim, ::annals_event_log::StoreError> {
            self.$write(|log| log.claim_command(command_id, fingerprint, stream, cursor))
        }
        fn find_outcome(
            &mut self,
            command_id: &str,
            stream: &str,
            cursor: u64,
        ) -> Result<Option<::annals_event_log::Outcome>, ::annals_event_log::StoreError> {
            self.$read(|log| log.find_outcome(command_id, stream, cursor))
        }
        fn record_outcome(
            &mut self,
            stream: &str,
            at: ::annals_event_log::Head,
            metadata: ::annals_event_log::Metadata,
            rejection: Option<::annals_event_log::Rejection>,
            recorded_at: u64,
        ) -> Result<(), ::annals_event_log::AppendError> {
            self.$write(|log| log.record_outcome(stream, at, metadata, rejection, recorded_at))
        }
        fn read_stream(
            &mut self,
            stream: &str,
            after: u64,
            limit: u32,
        ) -> Result<Option<::annals_event_log::StreamPage>, ::annals_event_log::StoreError> {
            self.$read(|log| log.read_stream(stream, after, limit))
        }
        fn read_stream_backward(
            &mut self,
            stream: &str,
            before: Option<u64>,
            limit: u32,
        ) -> Result<Option<::annals_event_log::StreamPage>, ::annals_event_log::StoreError> {
            self.$read(|log| log.read_stream_backward(stream, before, limit))
        }
        fn read_log(
            &mut self,
            after: u64,
            limit: u32,
            filter: &::annals_event_log::LogFilter,
            now: u64,
        ) -> Result<::annals_event_log::LogPage, ::annals_event_log::StoreError> {
            self.$read(|log| log.read_log(after, limit, filter, now))
        }
        fn log_end(&mut self) -> Result<u64, ::annals_event_log::StoreError> {
            self.$read(|log| log.log_end())
        }
        fn load_snapshot(
            &mut self,
            stream: &str,
            decider: &str,
        ) -> Result<Option<::annals_event_log::Snapshot>, ::annals_event_log::StoreError> {
            self.$read(|log| log.load_snapshot(stream, decider))
        }
        fn save_snapshot(
            &mut self,
            stream: &str,
            decider: &str,
            snapshot: ::annals_event_log::Snapshot,
        ) -> Result<(), ::annals_event_log::StoreError> {
            self.$write(|log| log.save_snapshot(stream, decider, snapshot))
        }
        fn delete_snapshot(
            &mut self,
            stream: &str,
            decider: &str,
        ) -> Result<(), ::annals_event_log::StoreError> {
            self.$write(|log| log.delete_snapshot(stream, decider))
        }
        fn load_checkpoint(
            &mut self,
            handler: &str,
        ) -> Result<Option<::annals_event_log::Checkpoint>, ::annals_event_log::StoreError> {
            self.$read(|log| log.load_checkpoint(handler))
        }
        fn save_checkpoint(
            &mut self,
            handler: &str,
            next: ::annals_event_log::Checkpoint,
        ) -> Result<(), ::annals_event_log::WriteError> {
            self.$write(|log| log.save_checkpoint(handler, next))
        }
        fn get_row(
            &mut self,
            view: &str,
            key: &str,
        ) -> Result<Option<::annals_event_log::Row>, ::annals_event_log::StoreError> {
            self.$read(|log| log.get_row(view, key))
        }
        fn find_row(
            &mut self,
            view: &str,
            key: &str,
        ) -> Result<::annals_event_log::FoundRow, ::annals_event_log::StoreError> {
            self.$read(|log| log.find_row(view, key))
        }
        fn put_row(
            &mut self,
            view: &str,
            row: ::annals_event_log::Row,
            seen: u64,
        ) -> Result<(), ::annals_event_log::WriteError> {
            self.$write(|log| log.put_row(view, row, seen))
        }
        fn delete_row(
            &mut self,
            view: &str,
            key: &str,
            seen: u64,
            position: u64,
        ) -> Result<(), ::annals_event_log::WriteError> {
            self.$write(|log| log.delete_row(view, key, seen, position))
        }
        fn scan_rows(
            &mut self,
            view: &str,
            after: Option<&str>,
            limit: u32,
        ) -> Result<::annals_event_log::RowPage, ::annals_event_log::StoreError> {
            self.$read(|log| log.scan_rows(view, after, limit))
        }
        fn drop_rows(
            &mut self,
            view: &str,
            limit: u32,
        ) -> Result<bool, ::annals_event_log::StoreError> {
            self.$write(|log| log.drop_rows(view, limit))
        }
    };
}
