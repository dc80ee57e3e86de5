"""The processes of `lexgate serve`: log writer, data workers, control process, inspectors. One file each."""
