//! Keyset pages: a slice of an ordered list between two positions, counted from either end.

/// The end of the list, or of the stretch between the positions, that a page is counted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageEnd {
    /// The first rows.
    Start,
    /// The last rows.
    End,
}

/// Which rows of an ordered list are wanted. `P` is a position: the sort key of a row, unique by its last part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<P> {
    /// Only rows behind this position.
    pub after: Option<P>,
    /// Only rows before this position.
    pub before: Option<P>,
    /// The end that is counted from.
    pub from: PageEnd,
    /// Most rows wanted.
    pub limit: u64,
}

impl<P> Page<P> {
    /// The same rows of the list in the opposite order.
    #[must_use]
    pub fn mirrored(self) -> Self {
        let from = match self.from {
            PageEnd::Start => PageEnd::End,
            PageEnd::End => PageEnd::Start,
        };
        Self { after: self.before, before: self.after, from, limit: self.limit }
    }

    /// The same page with positions of another type.
    pub fn try_map<Q, E>(self, mut map: impl FnMut(P) -> Result<Q, E>) -> Result<Page<Q>, E> {
        let mut position = |from: Option<P>| from.map(&mut map).transpose();
        Ok(Page { after: position(self.after)?, before: position(self.before)?, from: self.from, limit: self.limit })
    }
}

/// The rows of a page, in the list's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Whether there are rows before the first.
    pub has_previous: bool,
    /// Whether there are rows behind the last.
    pub has_next: bool,
}

impl<T> Slice<T> {
    /// A page without rows.
    pub fn empty() -> Self {
        Self { rows: Vec::new(), has_previous: false, has_next: false }
    }

    /// Makes a slice of the rows that a query gave that walked from the wanted end and asked for one row more than
    /// the page takes. A position that rows had to lie behind or before counts as a row on its other side.
    pub fn of_walk<P>(mut rows: Vec<T>, page: &Page<P>) -> Self {
        let has_more = rows.len() as u64 > page.limit;
        rows.truncate(usize::try_from(page.limit).unwrap_or(usize::MAX));
        match page.from {
            PageEnd::Start => Self { rows, has_previous: page.after.is_some(), has_next: has_more },
            PageEnd::End => {
                rows.reverse();
                Self { rows, has_previous: has_more, has_next: page.before.is_some() }
            }
        }
    }

    /// A page of rows that are all there, ascending.
    pub fn of_sorted(all: &[T], page: &Page<T>) -> Self
    where
        T: Copy + Ord,
    {
        let start = page.after.map_or(0, |after| all.partition_point(|row| *row <= after));
        let end = page.before.map_or(all.len(), |before| all.partition_point(|row| *row < before));
        let between = &all[start..end.max(start)];
        let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
        let wanted = limit.saturating_add(1);
        let walk: Vec<T> = match page.from {
            PageEnd::Start => between.iter().copied().take(wanted).collect(),
            PageEnd::End => between.iter().rev().copied().take(wanted).collect(),
        };
        Self::of_walk(walk, page)
    }

    /// The same rows in the opposite order.
    #[must_use]
    pub fn mirrored(mut self) -> Self {
        self.rows.reverse();
        Self { rows: self.rows, has_previous: self.has_next, has_next: self.has_previous }
    }

    /// The slice with every row converted.
    pub fn map<U>(self, map: impl FnMut(T) -> U) -> Slice<U> {
        let rows = self.rows.into_iter().map(map).collect();
        Slice { rows, has_previous: self.has_previous, has_next: self.has_next }
    }

    /// The slice with every row converted, or the first error.
    pub fn try_map<U, E>(self, map: impl FnMut(T) -> Result<U, E>) -> Result<Slice<U>, E> {
        let rows = self.rows.into_iter().map(map).collect::<Result<_, _>>()?;
        Ok(Slice { rows, has_previous: self.has_previous, has_next: self.has_next })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(from: PageEnd, limit: u64) -> Page<i32> {
        Page { after: None, before: Some(9), from, limit }
    }

    #[test]
    fn a_walk_from_the_end_comes_back_in_the_lists_order() {
        let slice = Slice::of_walk(vec![8, 7, 6], &page(PageEnd::End, 2));
        assert_eq!(slice, Slice { rows: vec![7, 8], has_previous: true, has_next: true });
        let slice = Slice::of_walk(vec![1, 2], &page(PageEnd::Start, 2));
        assert_eq!(slice, Slice { rows: vec![1, 2], has_previous: false, has_next: false });
    }

    #[test]
    fn a_page_of_sorted_rows_is_cut_from_its_end() {
        let all: Vec<i32> = (0..20).collect();
        let slice = Slice::of_sorted(&all, &page(PageEnd::End, 2));
        assert_eq!(slice, Slice { rows: vec![7, 8], has_previous: true, has_next: true });
        let slice = Slice::of_sorted(&all, &Page { after: Some(6), ..page(PageEnd::Start, 5) });
        assert_eq!(slice, Slice { rows: vec![7, 8], has_previous: true, has_next: false });
        assert_eq!(Slice::of_sorted(&all, &Page { after: Some(15), ..page(PageEnd::Start, 5) }).rows, [0_i32; 0]);
    }

    #[test]
    fn mirroring_twice_changes_nothing() {
        assert_eq!(page(PageEnd::End, 3).mirrored().mirrored(), page(PageEnd::End, 3));
        let slice = Slice { rows: vec![1, 2], has_previous: true, has_next: false };
        assert_eq!(slice.clone().mirrored(), Slice { rows: vec![2, 1], has_previous: false, has_next: true });
        assert_eq!(slice.clone().mirrored().mirrored(), slice);
    }
}
